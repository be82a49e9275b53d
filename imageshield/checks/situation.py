"""The situation that the checks judge: the configuration, the additions of `imageshield up`, and what runs now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from imageshield.servers import embedded
from imageshield.servers.home import Home

SERVERS = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT_URL")
KEYS = ("VAULT_KEY_FILE", "VAULT_DIRECTORY")


@dataclass(frozen=True)
class Fault:
    """A problem and its remedy. The texts never hold a secret."""

    subject: str
    problem: str
    remedy: str


@dataclass(frozen=True)
class Situation:
    environment: Mapping[str, str] = field(repr=False)
    """The environment variables as the processes would see them."""
    home: Home
    embedded: frozenset[str]
    """The variables of the servers that `imageshield up` would start itself."""
    running: bool
    """Whether a supervisor holds the data directory: then the embedded servers answer."""

    @property
    def local(self) -> bool:
        return self.environment.get("ENVIRONMENT") != "production"

    def can_ask(self, server: str) -> bool:
        return bool(self.environment.get(server)) and (server not in self.embedded or self.running)


def look(environment: Mapping[str, str], home: Home) -> Situation:
    """Collect the situation. In production nothing is embedded or generated: everything must be set."""
    production = environment.get("ENVIRONMENT") == "production"
    missing = frozenset(name for name in SERVERS if not production and not environment.get(name))
    try:
        running = home.in_use
        known = embedded.remembered(home, environment) if home.exists and not production else {}
    except PermissionError:  # it belongs to another user, which `check_home` reports
        running, known = False, {}
    return Situation({**known, **environment}, home, missing, running=running)


def place(url: str) -> str:
    """Name a server without its credentials."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "an address that cannot be read"
