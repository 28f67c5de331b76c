"""The collector of garbage in a process that lives long."""

import gc

YOUNG = 10_000  # objects that are made before it looks for the first time; Python's own 700 suit a script


def keep_what_is_loaded() -> None:
    """Leave what is loaded by now (code, tables, routes) out of every later collection, and collect less often.

    It never becomes garbage, and to look at it over and over would take a fifth of the time in which notices are sent.
    Once a process, when it is ready to work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
