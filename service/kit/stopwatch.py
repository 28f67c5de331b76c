"""How long something takes. What time it is says the clock."""

import time
from collections.abc import Callable


def stopwatch() -> Callable[[], float]:
    """Start measuring; each call of what is returned says how many real seconds have passed since."""
    began = time.perf_counter()
    return lambda: time.perf_counter() - began
