"""Hearing of a stop at once. A server lets requests come to their end before it says that it stops."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_STOPS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def at_stop(call: Callable[[], None]) -> Iterator[None]:
    """Have it called in the running loop as soon as this process is told to stop, before whoever else hears of it.

    Only the main thread hears signals; elsewhere, and where nobody listens to a signal, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(call)
        before[number](number, frame)

    for number in _STOPS:
        handler = signal.getsignal(number)
        if callable(handler):
            before[number] = handler
            signal.signal(number, hear)
    try:
        yield
    finally:
        for stop, handler in before.items():
            if signal.getsignal(stop) is hear:
                signal.signal(stop, handler)
