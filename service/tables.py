"""Every table of every room: importing this module fills `SQLModel.metadata` (migrations and tests need them all)."""

import service.access.models
import service.feeds.models
import service.holidays.models
import service.journal.models
import service.milestones.models
import service.plans.models
import service.units.models  # noqa: F401  # imported for what it registers
from service.kit.database import SQLModel

metadata = SQLModel.metadata
