"""`python -m service` is `milepost`."""

import sys

from service.cli.main import main

sys.exit(main())
