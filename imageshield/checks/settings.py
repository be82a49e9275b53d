"""Settings checks: every required variable is set, and the services accept its value."""

from pathlib import Path

from pydantic import ValidationError

from backplane.services.identity.federation.providers import ProvidersInvalid, read_providers
from backplane.services.usage.tiers import TiersInvalid, read_tiers
from backplane.settings import Settings
from imageshield.checks.situation import KEYS, SERVERS, Fault, Situation

GENERATED = (*SERVERS, *KEYS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
SCHEMES = {
    "DATABASE_URL": ("postgresql", "postgres"),
    "REDIS_URL": ("redis", "rediss"),
    "S3_ENDPOINT_URL": ("http", "https"),
}
LOOPBACK = ("http://localhost", "http://127.", "http://[::1]")
TABLE = "docs/reference/configuration.md lists every variable"


def check_settings(situation: Situation) -> list[Fault]:
    try:
        settings_of(situation)
    except ValidationError as error:
        return [_fault(one["loc"], one["type"], one["msg"]) for one in error.errors(include_input=False)]
    return []


def settings_of(situation: Situation) -> Settings:
    """Read the settings as the processes would, with placeholders for what `imageshield up` would generate.

    Raises:
        ValidationError: the processes would refuse to start.
    """
    values = {name: situation.environment.get(name.upper()) for name in Settings.model_fields}
    given = {name: value for name, value in values.items() if value}
    return Settings(**(_stand_ins(situation) | given))


def check_schemes(situation: Situation) -> list[Fault]:
    faults = []
    for name, schemes in SCHEMES.items():
        scheme = situation.environment.get(name, "").partition("://")[0].partition("+")[0]
        if scheme and scheme not in schemes:
            remedy = f"write {name}={schemes[0]}://…; {TABLE}"
            faults.append(Fault(name, f"does not begin with {' or '.join(schemes)}", remedy))
    return faults


def check_public_url(situation: Situation) -> list[Fault]:
    """Check that passwords and session cookies are not sent unencrypted, except by a browser on the server itself."""
    url = situation.environment.get("PUBLIC_URL", "").lower()
    if situation.local or not url.startswith("http://") or url.startswith(LOOPBACK):
        return []
    problem = "is http: passwords and session cookies cross the network unencrypted, and browsers decrypt nothing there"
    return [Fault("PUBLIC_URL", problem, "put a proxy with a certificate before the gateway, and write https://…")]


def check_proxies(situation: Situation) -> list[Fault]:
    """Check that the gateway knows its proxy: it speaks no TLS itself, so over https there is one."""
    given = situation.environment.get
    if situation.local or not given("PUBLIC_URL", "").lower().startswith("https://") or given("TRUSTED_PROXIES"):
        return []
    problem = (
        "is not set: the proxy that ends TLS counts as the caller of every request, and its limits are everybody's"
    )
    return [Fault("TRUSTED_PROXIES", problem, "name the networks of your proxies; see docs/guides/proxies.md")]


def check_tiers(situation: Situation) -> list[Fault]:
    file = situation.environment.get("TIERS_FILE")
    if not file:
        return []
    try:
        read_tiers(Path(file))
    except TiersInvalid as error:
        return [Fault("TIERS_FILE", str(error), "correct the file, or unset TIERS_FILE for the table of the package")]
    return []


def check_providers(situation: Situation) -> list[Fault]:
    file = situation.environment.get("OIDC_PROVIDERS_FILE")
    if not file:
        return []
    remedy = "correct the file, or unset OIDC_PROVIDERS_FILE for log-in without providers"
    try:
        read_providers(Path(file))
    except ProvidersInvalid as error:
        return [Fault("OIDC_PROVIDERS_FILE", str(error), remedy)]
    return []


def _stand_ins(situation: Situation) -> dict[str, str]:
    """Return placeholders for what `imageshield up` would generate: its absence is no fault."""
    if not situation.local:
        return {}
    own_store = "S3_ENDPOINT_URL" not in situation.embedded
    return {name.lower(): "embedded" for name in GENERATED if not (own_store and name.startswith("AWS_"))}


def _fault(location: tuple[int | str, ...], kind: str, message: str) -> Fault:
    name = str(location[0]).upper()
    if kind == "missing":
        return Fault(name, "is not set", f"set it; {TABLE}")
    return Fault(name, message.removeprefix("Value error, "), f"correct it; {TABLE}")
