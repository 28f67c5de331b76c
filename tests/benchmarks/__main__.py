"""`make bench`: every measurement in one run. ARGS="--quick" for a rough idea."""

import sys

from tests.benchmarks import feeds


def say(line: str) -> None:
    """One finding, at once."""
    print(line, flush=True)


def main() -> None:
    """Measure feeds."""
    feeds.run(say, quick="--quick" in sys.argv[1:])


if __name__ == "__main__":
    main()
