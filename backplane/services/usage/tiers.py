"""The table of tiers: what each one offers, and its price. A process reads it once, when it starts."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from backplane.errors import FileTooLarge, TierInsufficient
from backplane.errors.limits import LimitReached, LimitUse
from backplane.metrics import LIMITS_REACHED
from backplane.settings import Settings
from shield_core.cipher.purity import Purity

PACKAGED = Path(__file__).with_name("tiers.toml")
MAX_BYTES = 65_536
STRICT = ConfigDict(extra="forbid")


class TiersInvalid(ValueError):
    """The file of tiers cannot be used; the message names the field and what it must be."""


def _without_limit(value: Any) -> Any:
    return None if value == "unlimited" else _number(value, 'a whole number of at least 0, or "unlimited"', int)


def _without_price(value: Any) -> Any:
    return None if value == "contact" else _number(value, 'a number of at least 0, or "contact"', int, float)


def _number(value: Any, expected: str, *kinds: type) -> Any:
    if type(value) not in kinds or not 0 <= value <= 1 << 53:  # JSON readers agree up to here (RFC 8259, section 6)
        raise ValueError(f"must be {expected}")
    return value


Limit = Annotated[int | None, BeforeValidator(_without_limit)]
Price = Annotated[float | None, BeforeValidator(_without_price)]
Text = Annotated[str, Field(min_length=1, max_length=80)]


@dataclass(frozen=True, config=STRICT)
class Tier:
    """None is no limit, and no price of its own."""

    id: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,31}$")]
    name: Text
    price_per_month: Price
    encryptions_per_month: Limit
    file_bytes: Limit
    purities: Annotated[tuple[Purity, ...], Field(min_length=1)]
    analytics: Literal["basic", "full"]
    api_calls_per_hour: Limit
    """Requests that create a job and come from a program; a browser's have the limits below only."""
    stored_bytes: Limit = None
    uploads_at_once: Limit = None
    sockets_at_once: Limit = None
    streams_at_once: Limit = None
    """These three in each gateway process."""
    webhook_endpoints: Limit = 20
    members: Limit = None
    api_keys: Limit = None
    account_requests_per_minute: Limit = 240_000
    user_requests_per_minute: Limit = 120_000
    api_key_requests_per_minute: Limit = 120_000

    def require_purity(self, purity: str) -> None:
        if purity not in self.purities:
            raise TierInsufficient(f"The tier {self.name} has the purity {', '.join(self.purities)}, not {purity}")

    def require_full_analytics(self) -> None:
        if self.analytics != "full":
            raise TierInsufficient(
                f"The tier {self.name} has basic analytics: the analysis of its own encryptions, with analyze=true"
            )

    def require_file_bytes(self, size: int) -> None:
        if self.file_bytes is not None and size > self.file_bytes:
            raise FileTooLarge(f"The tier {self.name} takes files of at most {self.file_bytes:,} bytes")

    def require_room(self, name: str, used: int, refusal: type[LimitReached]) -> None:
        """Raise the refusal if an account that has so many of something may have no other one."""
        most: int | None = getattr(self, name)
        if most is not None and used >= most:
            LIMITS_REACHED.labels(limit=name).inc()
            what = name.replace("_", " ").replace("api", "API")
            detail = f"The tier {self.name} has {most:,} {what}, and {used:,} are used"
            raise refusal(detail, LimitUse(name, most, used, None, self.id))


@dataclass(frozen=True, config=STRICT)
class Tiers:
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    """ISO 4217."""
    tiers: tuple[Tier, ...]
    default: str = "enterprise"
    """The tier of new accounts, and of accounts whose tier is not in the table."""

    def __post_init__(self) -> None:
        known = [tier.id for tier in self.tiers]
        if len(set(known)) < len(known):
            raise ValueError("has an id twice")
        if self.default not in known:
            raise ValueError(f'lacks the tier "{self.default}", which is the default for accounts')

    def of(self, tier_id: str | None) -> Tier:
        """Return the tier of an account."""
        found = {tier.id: tier for tier in self.tiers}
        return found.get(tier_id or self.default) or found[self.default]

    @classmethod
    def from_settings(cls, settings: Settings) -> "Tiers":
        return read_tiers(settings.tiers_file or PACKAGED)


def read_tiers(path: Path) -> Tiers:
    """Read a file of tiers.

    Raises:
        TiersInvalid: it cannot be read, is not TOML, or has a field that is missing, unknown or wrong.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise TiersInvalid(f"{path} has more than {MAX_BYTES:,} bytes")
        return TypeAdapter(Tiers).validate_python(tomllib.loads(text.decode()))
    except OSError as error:
        raise TiersInvalid(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TiersInvalid(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        raise TiersInvalid(f"{path}: {'; '.join(map(_describe, error.errors(include_url=False)))}") from error


def _describe(error: Any) -> str:
    place, problem = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    return f"{place}: {problem}" if place else problem
