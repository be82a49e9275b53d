"""Structured logs on standard error: one JSON object per line, with a dotted event name and fields."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_FIELDS = ("password", "passphrase", "secret", "token", "authorization", "api-key", "key_file", "cookie")

API_KEY = re.compile(r"qis_(?:live|test)_[0-9A-Za-z]{8,}", re.ASCII)
"""An API key, or most of one, that somebody has put into a path or an id."""


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank fields with a secret's name, and API keys: a last defense, because no secret should be logged at all."""
    for name, value in event.items():
        if any(word in name.lower() for word in SECRET_FIELDS):
            event[name] = "[hidden]"
        elif isinstance(value, str) and "qis_" in value:
            event[name] = API_KEY.sub("[hidden]", value)
    return event


def configure(level: str) -> None:
    """Send the logs of this process and of its libraries through one formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # show_locals would print key material from the frames of a traceback.
                structlog.processors.ExceptionRenderer(
                    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
                ),
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("botocore", "boto3", "urllib3", "asyncio", "httpx", "httpcore", "multipart"):
        logging.getLogger(name).setLevel(logging.WARNING)
