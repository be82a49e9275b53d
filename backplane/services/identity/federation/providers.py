"""The table of identity providers, in a file of the operator. It is read once, at the start of the gateway."""

import os
import tomllib
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from backplane.addresses import parse
from backplane.errors import WebhookUrlRefused
from backplane.settings import Settings

MAX_BYTES = 65_536
MAX_PROVIDERS = 20
GITHUB = "https://github.com"
SCOPES = {"oidc": ("openid", "email"), "github": ("user:email",)}
"""What is needed to know who it is, and an address. Nothing else is read."""

Text = Annotated[str, Field(min_length=1, max_length=255)]
Texts = Annotated[tuple[Text, ...], Field(max_length=20)]
Domain = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$", max_length=253)]


class ProvidersInvalid(ValueError):
    """The file of providers cannot be used; the message names the field and what it must be."""


class Provider(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,31}$")]
    """A part of the redirect URI that the provider knows: renaming it changes that address."""
    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
    kind: Literal["oidc", "github"] = "oidc"
    issuer: Text
    client_id: Text
    client_secret: SecretStr | None = None
    """From `client_secret_file` or `client_secret_env`; without one, PKCE alone protects the code."""
    scopes: Texts = ()
    allowed_domains: Annotated[tuple[Domain, ...], Field(max_length=100)] = ()
    """Whose mail domain is another one cannot log in by this provider; empty allows all."""
    registration: bool = True
    """Whether users who are unknown here may register by it."""
    networks: Annotated[tuple[IPv4Network | IPv6Network, ...], Field(max_length=20)] = ()
    """Networks that the provider may be in although they are not public; there `http` and any port are allowed too."""
    id_token_algorithm: Literal["RS256", "PS256", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"] = "RS256"  # noqa: S105
    second_factor_amr: Texts = ()
    second_factor_acr: Texts = ()
    """The values of `amr` and `acr` that replace the second factor that a user has set here; by default none do."""

    @model_validator(mode="before")
    @classmethod
    def complete(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        kind = given.get("kind", "oidc")
        found: dict[str, Any] = ({"issuer": GITHUB} if kind == "github" else {}) | given
        if isinstance(kind, str) and kind in SCOPES and not found.get("scopes"):
            found["scopes"] = SCOPES[kind]
        return found | _read_secret(found)

    @field_validator("issuer")
    @classmethod
    def read_issuer(cls, value: str) -> str:
        try:
            parse(value)
        except WebhookUrlRefused as error:
            raise ValueError(error.detail or error.title) from None
        if "?" in value:
            raise ValueError("must have no query")
        return value

    @model_validator(mode="after")
    def check_scheme(self) -> Self:
        if not self.issuer.startswith("https://") and not self.networks:
            raise ValueError("issuer must begin with https://, except in its networks")
        if self.kind == "oidc" and "openid" not in self.scopes:
            raise ValueError('scopes must have "openid"')
        return self

    @property
    def confirms(self) -> bool:
        """Whether it can say that the user has just proved who they are."""
        return self.kind == "oidc"

    def admits(self, email: str | None) -> bool:
        """Return whether the mail domain is one that may log in."""
        if not self.allowed_domains:
            return True
        return email is not None and email.rpartition("@")[2] in self.allowed_domains


Providers = Mapping[str, Provider]


def providers_of(settings: Settings) -> Providers:
    """Read the providers of the settings, by their ids in the order of the file; none without a file."""
    if settings.oidc_providers_file is None:
        return {}
    if settings.public_url is None:
        raise ProvidersInvalid("OIDC_PROVIDERS_FILE needs PUBLIC_URL: providers send browsers back to it")
    return read_providers(settings.oidc_providers_file)


def read_providers(path: Path) -> Providers:
    """Read a file of providers.

    Raises:
        ProvidersInvalid: it cannot be read, is not TOML, or has a field that is missing, unknown or wrong.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise ProvidersInvalid(f"{path} has more than {MAX_BYTES:,} bytes")
        table = _Table.model_validate(tomllib.loads(text.decode()))
    except OSError as error:
        raise ProvidersInvalid(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProvidersInvalid(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        # Not chained: the file may hold a secret where none belongs.
        described = "; ".join(map(_describe, error.errors(include_url=False, include_input=False)))
        raise ProvidersInvalid(f"{path}: {described}") from None
    return {provider.id: provider for provider in table.providers}


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    providers: Annotated[tuple[Provider, ...], Field(max_length=MAX_PROVIDERS)] = ()

    @model_validator(mode="after")
    def refuse_twins(self) -> Self:
        if len({one.id for one in self.providers}) < len(self.providers):
            raise ValueError("has an id twice")
        # Users are found by issuer and subject: two clients of one issuer would share them.
        if len({one.issuer for one in self.providers}) < len(self.providers):
            raise ValueError("has an issuer twice")
        return self


def _read_secret(given: dict[str, Any]) -> dict[str, Any]:
    """Replace the place of the secret by the secret: the file itself must not hold it."""
    if "client_secret" in given:
        raise ValueError("client_secret must not stand here: name client_secret_file or client_secret_env")
    file, variable = given.pop("client_secret_file", None), given.pop("client_secret_env", None)
    if file is not None and variable is not None:
        raise ValueError("has client_secret_file and client_secret_env: choose one")
    if file is None and variable is None:
        return {}
    return {"client_secret": _secret_in_file(file) if file is not None else _secret_in_variable(variable)}


def _secret_in_file(name: Any) -> str:
    try:
        with Path(name).open(encoding="utf-8") as file:
            secret = file.read(4096).strip()
    except (OSError, TypeError, UnicodeDecodeError):
        raise ValueError("client_secret_file cannot be read") from None
    if not secret:
        raise ValueError("client_secret_file is empty")
    return secret


def _secret_in_variable(name: Any) -> str:
    secret = os.environ.get(name, "") if isinstance(name, str) else ""
    if not secret:
        raise ValueError("client_secret_env names a variable that is not set")
    return secret


def _describe(error: Any) -> str:
    place, problem = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    return f"{place}: {problem}" if place else problem
