"""What is set, what `imageshield up` would add to it, and what runs now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from imageshield.servers import embedded
from imageshield.servers.home import Home

SERVERS = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL")
KEYS = ("VAULT_KEY_FILE", "VAULT_DIRECTORY", "SIGNING_KEY_FILE")


@dataclass(frozen=True)
class Fault:
    """Something that is wrong, and what to do. Neither ever holds a secret."""

    subject: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class Situation:
    environment: Mapping[str, str] = field(repr=False)
    """What the processes would see."""
    home: Home
    embedded: frozenset[str]
    """The servers, by their variable, that `imageshield up` would bring along."""
    running: bool
    """Whether a supervisor holds the data directory, so that the embedded servers can be asked."""

    @property
    def local(self) -> bool:
        return self.environment.get("ENVIRONMENT") != "production"

    def can_ask(self, server: str) -> bool:
        return bool(self.environment.get(server)) and (server not in self.embedded or self.running)


def look(environment: Mapping[str, str], home: Home) -> Situation:
    """See what there is. In production nothing is embedded and nothing is generated: everything has to be set."""
    production = environment.get("ENVIRONMENT") == "production"
    missing = frozenset(name for name in SERVERS if not production and not environment.get(name))
    try:
        running = home.in_use
        known = embedded.remembered(home, environment) if home.exists and not production else {}
    except PermissionError:  # somebody else's: a check of its own says so
        running, known = False, {}
    return Situation({**known, **environment}, home, missing, running=running)


def place(url: str) -> str:
    """Name a server without its credentials."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "an address that cannot be read"
