"""All settings of an operator, read once from the environment."""

import re
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backplane.default_secrets import REMEDY, find_weakness, find_weakness_of_url
from backplane.security_thresholds import SecurityThresholds
from backplane.smtp_url import read_smtp_url
from shield_core.keys.passphrase import DEFAULT_ITERATIONS, DEFAULT_M_KIB, DEFAULT_T, MAX_COST_KIB

Seconds = Annotated[int, Field(gt=0)]
Registration = Literal["open", "closed", "invitation", "domains"]
ORIGIN: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?/?",
    re.ASCII,
)
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
ADDRESS: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?"
SENDER: Final = re.compile(rf"{ADDRESS}|[^<>\"@,;:\\\x00-\x1f\x7f]{{1,78}} <{ADDRESS}>", re.ASCII)
CONTACT: Final = re.compile(rf"{ADDRESS}|https://[!-~]{{1,500}}", re.ASCII)


class Settings(SecurityThresholds, BaseSettings):
    """The typed settings; docs/reference/configuration.md lists every field, and a test compares."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        env_ignore_empty=True,  # Compose cannot omit a variable, only leave it empty
    )

    environment: Literal["development", "test", "production"] = "development"
    database_url: SecretStr
    redis_url: SecretStr
    s3_endpoint_url: str
    s3_public_endpoint_url: str | None = None
    s3_bucket: str = "imageshield"
    aws_access_key_id: SecretStr
    aws_secret_access_key: SecretStr
    vault_key_file: Path
    vault_directory: Path
    signing_key_file: Path | None = None
    """Imported into the vault as the first signing key; later ones are made there."""
    public_url: Annotated[str | None, Field(validate_default=True)] = None
    """The address under which browsers reach the service, written as an origin."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """The origins of other sites; `origins` adds the service's own."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """The networks of the proxies whose word about a caller's address and scheme is believed."""
    proxy_headers: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    """The header that the proxies write. The other one is what the caller sent, and is ignored."""
    keep_alive_seconds: Seconds = 95
    """Longer than a proxy keeps an idle connection: Traefik 90 s, nginx and most load balancers 60 s. A request of a
    proxy on a connection that closes at that moment is lost, and the proxy answers 502."""
    security_contact: str | None = None
    """An email address or an https URL, for `/.well-known/security.txt`."""
    tiers_file: Path | None = None
    """By default the table in the package `backplane.services.usage`."""
    oidc_providers_file: Path | None = None
    """Identity providers, by which users may log in; by default none."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """For relay and worker; 0 takes any free port. The gateway has the route `/metrics`."""
    metrics_host: str = "127.0.0.1"

    entropy_source: Literal["aer", "noisy-aer", "ibm", "qrng", "os"] = "aer"
    entropy_deadline_seconds: Seconds = 30
    entropy_pool_bits: Annotated[int, Field(ge=4096, le=1 << 27, multiple_of=4096)] | None = None
    noisy_aer_backend: str = "FakeManilaV2"
    ibm_quantum_backend: str | None = None
    ibm_quantum_token: SecretStr | None = None
    ibm_quantum_instance: SecretStr | None = None
    qrng_url: str = "https://api.quantumnumbers.anu.edu.au"
    qrng_api_key: SecretStr | None = None

    access_token_seconds: Seconds = 900
    refresh_token_seconds: Seconds = 14 * 24 * 3600
    database_pool_size: Annotated[int, Field(ge=1, le=100)] = 10
    upload_memory_bytes: Annotated[int, Field(ge=112_000_000)] = 250_000_000
    """Bodies in flight, of all requests together: originals are held in memory, never in a temporary file."""
    synchronous_wait_seconds: Seconds = 30
    drain_seconds: Annotated[int, Field(ge=0, le=10)] = 0
    """How long connections are still accepted after SIGTERM, for a load balancer that checks `/ready`."""
    decrypted_result_seconds: Seconds = 900
    job_retention_days: Annotated[int, Field(ge=0, le=36_500)] = 30
    """0 keeps jobs forever."""
    backup_retention_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    vault_copy_retention_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    """How long the operator keeps backups, and copies of the vault: it says until when they can bring an erased account
    back. Nothing is deleted by it."""
    usage_days: Annotated[int, Field(ge=62, le=36_500)] = 800
    anonymous_requests_per_minute: Annotated[int, Field(ge=1)] = 12_000
    """Of one address. The defaults stop a flood, and no use: tests and load tests send all they can from one."""
    address_requests_per_minute: Annotated[int, Field(ge=1)] = 240_000
    log_ins_per_minute: Annotated[int, Field(ge=1)] = 600
    unlocks_per_minute: Annotated[int, Field(ge=1)] = 600
    max_pending_jobs: Annotated[int, Field(ge=1)] = 10_000
    worker_threads: Annotated[int, Field(ge=1, le=64)] = 2
    worker_memory_bytes: Annotated[int, Field(ge=3 << 30)] = 4 << 30
    """The address space of one child. Code and arenas take 1.8 GiB; 25 megapixels with their analysis reach 2.4. A
    picture that needs more fails alone, in its own process."""
    worker_stop_seconds: Seconds = 20
    job_time_limit_seconds: Seconds = 900
    """Twelve times what `maximum` needs for 25 megapixels on two otherwise idle cores."""
    job_hard_time_limit_seconds: Annotated[int, Field(gt=0, validate_default=True)] = 960
    webhook_allow_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    audit_person_days: Annotated[int, Field(ge=1, le=3660)] = 90
    """How long the audit trail keeps person data readable that belongs to no user, such as of failed log-ins."""
    webhook_log_days: Annotated[int, Field(ge=1, le=366)] = 30
    foreign_kdf_memory_kib: Annotated[int, Field(ge=DEFAULT_M_KIB, le=1_048_576)] = 131_072
    """The limits for key files that this service did not make: Argon2id's memory, memory times passes, and PBKDF2's
    iterations. The minimum is the cost of new key files."""
    foreign_kdf_cost_kib: Annotated[int, Field(ge=DEFAULT_M_KIB * DEFAULT_T, le=MAX_COST_KIB)] = 524_288
    foreign_kdf_iterations: Annotated[int, Field(ge=DEFAULT_ITERATIONS, le=10_000_000)] = 1_200_000
    passphrase_kdf: Literal["argon2id", "pbkdf2-hmac-sha256"] = "argon2id"  # noqa: S105 - an algorithm

    registration: Registration | None = None
    """`registration_mode` has the default."""
    registration_domains: Annotated[tuple[str, ...], NoDecode] = ()
    smtp_url: SecretStr | None = None
    mail_outbox_directory: Path | None = None
    """Where mails are written if there is no mail server."""
    mail_from: Annotated[str | None, Field(validate_default=True)] = None
    support_contact: str | None = None
    mail_verification: Annotated[bool, Field(validate_default=True)] = False
    proof_of_work: bool = False

    failpoints_directory: Path | None = None

    @field_validator("database_url", mode="after")
    @classmethod
    def use_asyncpg(cls, value: SecretStr) -> SecretStr:
        return SecretStr(asyncpg_url(value.get_secret_value()))

    @field_validator("database_url", "redis_url", mode="after")
    @classmethod
    def refuse_default_passwords(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        weakness = find_weakness_of_url(value.get_secret_value())
        if weakness and info.data.get("environment") == "production":
            raise ValueError(f"has a password that {weakness}: {REMEDY}")
        return value

    @field_validator("aws_secret_access_key", mode="after")
    @classmethod
    def refuse_default_keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        key_id = info.data.get("aws_access_key_id")
        weakness = find_weakness(value.get_secret_value(), key_id.get_secret_value() if key_id else None)
        if weakness and info.data.get("environment") == "production":
            raise ValueError(f"{weakness}: {REMEDY}")
        return value

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def refuse_everybody(cls, value: tuple[IPv4Network | IPv6Network, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
        if any(network.prefixlen == 0 for network in value):
            raise ValueError("must name the networks of the proxies: a caller in a trusted network chooses its address")
        return value

    @field_validator("job_hard_time_limit_seconds", mode="after")
    @classmethod
    def order_time_limits(cls, value: int, info: ValidationInfo) -> int:
        if value <= info.data.get("job_time_limit_seconds", 0):
            raise ValueError("JOB_TIME_LIMIT_SECONDS must be below JOB_HARD_TIME_LIMIT_SECONDS, which kills")
        return value

    @field_validator("public_url", mode="after")
    @classmethod
    def read_public_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None:
            return read_origin(value)
        if info.data.get("environment") == "production":
            raise ValueError("is required in production: the address that browsers use, such as https://images.example")
        return None

    @field_validator("smtp_url", mode="after")
    @classmethod
    def check_smtp_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            read_smtp_url(value.get_secret_value())
        return value

    @field_validator("mail_from", mode="after")
    @classmethod
    def check_mail_from(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("smtp_url") is not None:
            raise ValueError("is required beside SMTP_URL: the sender of mails, such as no-reply@images.example")
        if value is not None and SENDER.fullmatch(value) is None:
            raise ValueError("must be an address in ASCII, such as no-reply@images.example or ImageShield <…@…>")
        return value

    @field_validator("support_contact", "security_contact", mode="after")
    @classmethod
    def check_contact(cls, value: str | None) -> str | None:
        if value is not None and CONTACT.fullmatch(value) is None:
            raise ValueError("must be an email address or an https address, such as security@images.example")
        return value

    @field_validator("failpoints_directory", mode="before")
    @classmethod
    def refuse_failpoints_in_production(cls, value: object, info: ValidationInfo) -> object:
        if value and info.data.get("environment") == "production":
            raise ValueError("FAILPOINTS_DIRECTORY breaks the service on purpose: unset it in production")
        return value or None

    @field_validator("registration_domains", mode="after")
    @classmethod
    def check_registration_domains(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if (info.data.get("registration") == "domains") != bool(value):
            raise ValueError("goes with REGISTRATION=domains, which needs it: mail domains, separated by commas")
        return tuple(domain.lower() for domain in value)

    @field_validator("mail_verification", mode="after")
    @classmethod
    def check_mail_verification(cls, value: bool, info: ValidationInfo) -> bool:
        sends = info.data.get("smtp_url") or info.data.get("mail_outbox_directory")
        if value and not sends:
            raise ValueError("needs SMTP_URL or MAIL_OUTBOX_DIRECTORY")
        if not value and info.data.get("registration") == "domains":
            raise ValueError("must be true with REGISTRATION=domains: else anybody can claim an address of the domain")
        return value

    @field_validator(
        "allowed_origins", "registration_domains", "trusted_proxies", "webhook_allow_networks", mode="before"
    )
    @classmethod
    def split_lists(cls, value: object) -> object:
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @field_validator("allowed_origins", mode="after")
    @classmethod
    def read_allowed_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in value:
            raise ValueError("must list origins: * would let every site call with a visitor's token")
        return tuple(map(read_origin, value))

    @property
    def registration_mode(self) -> Registration:
        """Who may register: by default nobody in production, and everybody elsewhere."""
        return self.registration or ("closed" if self.environment == "production" else "open")

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call: the service's own, and those of `allowed_origins`."""
        own = () if self.public_url is None else (self.public_url,)
        return (*own, *(origin for origin in self.allowed_origins if origin != self.public_url))


def read_origin(text: str) -> str:
    """Write an address as browsers write it in `Origin` (RFC 6454, section 6.2): lower case, without a default port.

    Raises:
        ValueError: it is not http or https, a host in ASCII and at most a port.
    """
    found = ORIGIN.fullmatch(text.lower())
    if found is None:
        raise ValueError(
            "must be a scheme, a host and at most a port, such as https://images.example or http://localhost:8000: no "
            "path, no user name, and the host in ASCII (xn--…)"
        )
    scheme, host, port = found["scheme"], found["host"], int(found["port"] or DEFAULT_PORTS[found["scheme"]])
    if not 0 < port < 1 << 16:
        raise ValueError("must have a port from 1 to 65535")
    if host.startswith("["):
        host = f"[{IPv6Address(host[1:-1]).compressed}]"
    return f"{scheme}://{host}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def asyncpg_url(url: str) -> str:
    """Add the driver to an address without one: the usual form is `postgresql://`."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+asyncpg://" + url.removeprefix(scheme)
    return url


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the environment once, and return the same settings afterwards."""
    return Settings()  # type: ignore[call-arg]
