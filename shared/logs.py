"""Structured logs: one JSON line a delivery; ids, never names, addresses, amounts or bodies."""

import json
import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog

_DEEPEST_FRAMES = 6
_TELLING_ATTRIBUTES = ("sqlstate", "constraint_name", "table_name", "column_name")
_NEVER_AWAITED = re.compile(r"coroutine '([\w.<>]{1,200})' was never awaited")
_SILENT_LOGGERS = ("aio_pika", "aiormq", "asyncio", "httpx", "httpcore")


def configure_logs(service: str, *, form: str = "json") -> None:
    """Send every log line of this process to standard output, as JSON, or pretty on a terminal."""
    is_pretty = form == "pretty" or (form == "auto" and sys.stdout.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer() if is_pretty else structlog.processors.JSONRenderer(_json)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    sys.excepthook = _log_the_end
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_end_of_thread
    warnings.showwarning = _log_warning
    logging.basicConfig(handlers=[_OnlyWhereAndWhat()], level=logging.WARNING, force=True)


def _json(fields: MutableMapping[str, Any], default: Callable[[Any], Any]) -> str:
    """As the standard library's, which takes many times as long and still helps with a lone surrogate."""
    try:
        return msgspec.json.encode(fields, enc_hook=default).decode()
    except UnicodeEncodeError:
        return json.dumps(fields, default=default)


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the process is one JSON line too: a plain traceback would show texts of errors."""
    structlog.get_logger().critical("process_ended", error=describe(error))


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """As the end: an error in a finalizer, which nobody can catch."""
    error = unraisable.exc_value or unraisable.exc_type()
    structlog.get_logger().error("unraisable_error", error=describe(error))


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    error = ended.exc_value or ended.exc_type()
    structlog.get_logger().error("thread_ended", error=describe(error))


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning of Python or a library by class and place; of its text no more than a coroutine's name."""
    forgotten = _NEVER_AWAITED.fullmatch(str(message))
    fields = {"coroutine": forgotten[1]} if forgotten else {}
    where = f"{Path(filename).name}:{lineno}"
    structlog.get_logger().warning("python_warning", category=category.__name__, where=where, **fields)


def describe(error: BaseException) -> str:
    """An error by class, SQLSTATE, constraint and frames; never its text, which can hold a person's data."""
    named = ((name, getattr(error, name, None)) for name in _TELLING_ATTRIBUTES)
    parts = [type(error).__name__, *(f"{name}={value}" for name, value in named if value)]
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST_FRAMES:]
    parts.extend(f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames)
    if isinstance(error, BaseExceptionGroup):
        parts.extend(f"holds ({describe(each)})" for each in error.exceptions)
    if error.__cause__ is not None:
        parts.append(f"caused by {describe(error.__cause__)}")
    return " ".join(parts)


class _OnlyWhereAndWhat(logging.Handler):
    """Library log records as an event with logger and level only.

    aio_pika and aiormq put message bodies into texts and arguments of their records, so neither is kept.
    """

    def emit(self, record: logging.LogRecord) -> None:
        fields: MutableMapping[str, Any] = {"logger": record.name, "line": record.lineno}
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = describe(record.exc_info[1])
        structlog.get_logger().log(record.levelno, "library_message", **fields)


def silence_libraries() -> None:
    """Libraries that log bodies at INFO or DEBUG say nothing below WARNING."""
    for name in _SILENT_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
