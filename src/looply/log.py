"""The log: one JSON object per line on standard error, for operators. The audit trail is the history, not the log.

On a terminal each event is a line for people: the time in UTC, the level, the event, and its fields as `name=value`.

The event is a constant name; data goes into fixed keys. Payloads, headers and bodies are never logged; in addition,
fields that are named like a secret and texts that look like an API key are masked.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from looply.clock import Clock

FIELD_BYTES: Final = 8192
"""The longest text of one field; longer texts are truncated."""

MASK: Final = "***"
_TRUNCATED: Final = "...[cut]"
_DEPTH: Final = 6
_ITEMS: Final = 100
_SECRET_NAME = re.compile(
    r"authorization|passw|secret|token|api[-_]?key|cookie|credential|private[-_]?key|encryption[-_]?key", re.IGNORECASE
)
_OUR_KEY = re.compile(r"lk_[a-z2-7]{8}_[A-Za-z0-9_-]{10,}")
_WORD: Final = re.compile(r"[!-~]+")
_TIME: Final = slice(11, 23)
"""The time of day, with milliseconds, within an instant of RFC 3339."""
_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_log(level: str, clock: Clock, stream: TextIO | None = None) -> None:
    """Sends the events of structlog and of the standard library's loggers to `stream` (default: standard error).

    Guarantees: one line per event whatever its values are, ASCII only; no text longer than 8 KB; secrets are masked.
    """
    target = stream or sys.stderr

    def stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"at": clock.now().isoformat(timespec="milliseconds"), **event}

    render_event = render_text if target.isatty() else render
    shared = [structlog.stdlib.add_log_level, stamp]
    structlog.configure(
        processors=[*shared, _plain_exception, redact, render_event],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _plain_exception,
                redact,
                render_event,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(_LEVELS[level], logging.INFO))
    for name in ("asyncio", "temporalio"):
        # They log each start at info level, which operators do not need.
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # Their warnings are caused by what a client sends, so any client could fill the log.
        logging.getLogger(name).setLevel(logging.ERROR)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Returns the event with secrets masked and texts truncated to `FIELD_BYTES`, also inside objects and lists."""
    return {name: _clean(name, value, _DEPTH) for name, value in event.items()}


def render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Returns the event as one line: JSON with every character outside printable ASCII escaped."""
    return _json(event)


def render_text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Returns the event as one line for people, with every character outside printable ASCII escaped."""
    fields = dict(event)
    at, level, name = (str(fields.pop(field, "")) for field in ("at", "level", "event"))
    values = " ".join(f"{_field_text(field)}={_field_text(value)}" for field, value in fields.items())
    head = f"{at[_TIME]}Z {level.upper():<8}{_field_text(name)}"
    return f"{head}  {values}".rstrip()


def _field_text(value: Any) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else _json(value)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.replace("\x7f", "\\u007f")


def _plain_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Adds class and stack trace of an exception to the event; not its message, which may quote a payload."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__qualname__
        event["trace"] = _trace(error)
    return event


def _trace(error: BaseException) -> list[str]:
    lines: list[str] = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        lines.append(f"{step.tb_frame.f_globals.get('__name__', '?')}.{code.co_qualname}:{step.tb_lineno}")
        step = step.tb_next
    return lines[-20:]


def _clean(name: str, value: Any, depth: int) -> Any:
    if _SECRET_NAME.search(name) is not None and value is not None and not isinstance(value, bool | int | float):
        return MASK
    if isinstance(value, str):
        return _truncate(_OUR_KEY.sub(MASK, value))
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return _truncate(_OUR_KEY.sub(MASK, str(value)))
    if isinstance(value, Mapping):
        shown = list(value.items())[:_ITEMS]
        return {str(key)[:200]: _clean(str(key), item, depth - 1) for key, item in shown}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item, depth - 1) for item in list(value)[:_ITEMS]]
    return _truncate(_OUR_KEY.sub(MASK, str(value)))


def _truncate(text: str) -> str:
    # A character takes at most four bytes, so a text this short always fits.
    if len(text) * 4 <= FIELD_BYTES:
        return text
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) <= FIELD_BYTES:
        return text
    return encoded[: FIELD_BYTES - len(_TRUNCATED)].decode("utf-8", "ignore") + _TRUNCATED
