"""The settings of a process as operators may read them: secrets are never in there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import SecretStr

from backplane.settings import Settings


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    name: str
    """Of the environment variable."""
    value: str | None
    """None of a secret, and of what has no value."""
    is_secret: bool
    is_set: bool
    """Whether there is a value; of a secret this is all that is said."""
    from_environment: bool
    """Whether the environment says it; else it is the default."""


def effective(settings: Settings) -> list[EffectiveSetting]:
    """List all settings of a process by name."""
    return sorted(_settings(settings), key=lambda one: one.name)


def _settings(settings: Settings) -> Iterator[EffectiveSetting]:
    derived = {"registration": settings.registration_mode}
    for name, field in Settings.model_fields.items():
        value = derived.get(name, getattr(settings, name))
        is_secret = SecretStr in {field.annotation, *get_args(field.annotation)}
        yield EffectiveSetting(
            name=name.upper(),
            value=None if is_secret else _written(value),
            is_secret=is_secret,
            is_set=value is not None and value != (),
            from_environment=name in settings.model_fields_set,
        )


def _written(value: Any) -> str | None:
    if value is None or value == ():
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return _without_user(str(value))


def _without_user(text: str) -> str:
    """Leave out user name and password of an address."""
    user, at, _ = urlsplit(text).netloc.rpartition("@") if "://" in text else ("", "", "")
    return text.replace(user + at, "", 1) if at else text
