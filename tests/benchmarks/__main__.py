"""`make bench`: every measurement in one run. ARGS="--quick" for a rough idea, ARGS=polls for one of them."""

import sys

from tests.benchmarks import bodies, delivering, drivers, firing, hour, outbound, polls
from tests.benchmarks.tables import say

PARTS = {
    "polls": polls.run,
    "bodies": bodies.run,
    "hour": hour.run,
    "firing": firing.run,
    "delivering": delivering.run,
    "outbound": outbound.run,
    "drivers": drivers.run,
}


def main(arguments: list[str]) -> int:
    """Measure what is named, or everything."""
    named = [each for each in arguments if each != "--quick"]
    if unknown := set(named) - set(PARTS):
        print(f"There is no measurement {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    say("Ratios are the finding; figures belong to this machine. How they are measured: docs/performance.md")
    for name in named or PARTS:
        PARTS[name](say, quick="--quick" in arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
