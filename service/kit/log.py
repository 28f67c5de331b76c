"""Logs: one line an event, as JSON or as text, with the request's id and without secrets."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

# Ours are recognisable by their prefix; four characters stay, to tell one from another. Others' come after a word.
_OURS = re.compile(r"\b(mpk|mpf)_([A-Za-z0-9_-]{0,4})[A-Za-z0-9_-]*…?")
_WEBHOOK_SECRET = re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+")
_CREDENTIALS = re.compile(r"\b(Bearer|Basic)\s+(?!mp[kf]_)[^\s\"',;]+", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")
_SECRET_FIELDS = frozenset({"authorization", "cookie", "set-cookie", "secret", "password", "admin_key", "token"})


def mask(text: str) -> str:
    """The text with every secret in it made unusable."""
    text = _OURS.sub(r"\1_\2…", text)
    text = _WEBHOOK_SECRET.sub("whsec_…", text)
    text = _CREDENTIALS.sub(r"\1 …", text)
    return _IN_ADDRESS.sub(r"\1:…@", text)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last line of defence: no secret leaves through the log, whoever put it there."""
    for name in list(event):
        event[name] = "…" if name.lower() in _SECRET_FIELDS else _masked(event[name])
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {k: "…" if str(k).lower() in _SECRET_FIELDS else _masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each) for each in value]
    if isinstance(value, int | float | bool | None):
        return value
    return mask(str(value))


def configure(*, level: str, style: str, stream: TextIO | None = None) -> None:
    """Send every log line (ours, uvicorn's, the libraries') through one formatter to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _drop_colours,
                structlog.processors.format_exc_info,
                redact,
                *_rendered(style),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    _quieten()


def _quieten() -> None:
    # The gate logs requests, and polls of feeds are counted: uvicorn's own line would cost more than their answers.
    for name, wanted in (("uvicorn", True), ("uvicorn.error", True), ("uvicorn.access", False)):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = wanted
    # At debug level these repeat every statement and every wake-up.
    for name in ("aiosqlite", "asyncio", "alembic.runtime.plugins"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _rendered(style: str) -> list[Processor]:
    if style == "text":
        return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.JSONRenderer(ensure_ascii=False)]


def _drop_colours(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("color_message", None)  # uvicorn's second copy of its message, with escape codes
    return event
