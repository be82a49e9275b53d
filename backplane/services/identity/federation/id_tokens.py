"""Verification of ID tokens (OpenID Connect Core 1.0, section 3.1.3.7)."""

import time
from dataclasses import dataclass
from typing import Annotated, Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backplane.errors.federation import ProviderAnswerInvalid
from backplane.services.identity.federation.external import ExternalIdentity, read_email
from backplane.services.identity.federation.providers import Provider
from backplane.services.identity.federation.signing_key_sets import SigningKeySet

MAX_TOKEN = 16_384
LEEWAY_SECONDS = 60
"""How far two clocks may be apart."""

MAX_AGE_SECONDS = 600
"""An ID token is used at once; one that was issued before the log-in began is an old one."""

INVALID: Final = "The provider's ID token is not valid"

Texts = Annotated[list[str], Field(max_length=50)]


class Claims(BaseModel):
    """The claims that are used, with their types; `email` and others may be missing or anything."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    sub: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]*$")]
    iat: float
    auth_time: int | None = None
    amr: Texts = []
    acr: str | None = None
    email: Any = None
    email_verified: Any = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must answer to."""

    nonce: str
    access_token: str
    fresh_since: int | None = None
    """The user must have proved who they are since then; None accepts an older log-in at the provider."""


async def verify(text: str, provider: Provider, keys: SigningKeySet, expected: Expected) -> Claims:
    """Verify an ID token: signature by one algorithm, issuer, audience, times, nonce and hash of the access token.

    Raises:
        ProviderAnswerInvalid: any of that is wrong.
    """
    try:
        key = await keys.find(_key_id(text))
        token = jwt.decode(text, key, algorithms=[provider.id_token_algorithm])
        _check(token, provider, expected)
        claims = Claims.model_validate(token.claims)
    except (JoseError, ValidationError, ValueError, TypeError, RecursionError):
        # Not chained: messages of the libraries may quote a claim.
        raise ProviderAnswerInvalid(INVALID) from None
    _check_times(claims, expected)
    return claims


def identity_of(claims: Claims, provider: Provider) -> ExternalIdentity:
    return ExternalIdentity(
        issuer=provider.issuer,
        subject=claims.sub,
        email=read_email(claims.email),
        email_verified=claims.email_verified is True,
        auth_time=claims.auth_time,
        second_factor=bool(set(claims.amr) & set(provider.second_factor_amr))
        or claims.acr in provider.second_factor_acr,
    )


def _key_id(text: str) -> str | None:
    if len(text) > MAX_TOKEN or text.count(".") != 2:  # noqa: PLR2004 - RFC 7515, section 7.1
        raise ValueError
    kid = jws.extract_compact(text.encode()).headers().get("kid")
    if kid is not None and not isinstance(kid, str):
        raise ValueError
    return kid


def _check(token: jwt.Token, provider: Provider, expected: Expected) -> None:
    options = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "nonce": {"essential": True},
    }
    params = {
        "nonce": expected.nonce,
        "client_id": provider.client_id,
        "access_token": expected.access_token,
    }
    CodeIDToken(token.claims, token.header, options=options, params=params).validate(leeway=LEEWAY_SECONDS)


def _check_times(claims: Claims, expected: Expected) -> None:
    now = time.time()
    if claims.iat < now - MAX_AGE_SECONDS - LEEWAY_SECONDS:
        raise ProviderAnswerInvalid("The ID token is too old")
    if claims.auth_time is not None and claims.auth_time > now + LEEWAY_SECONDS:
        raise ProviderAnswerInvalid(INVALID)
    if expected.fresh_since is None:
        return
    # authlib looks for `auth_time` only if `max_age` is not zero.
    if claims.auth_time is None:
        raise ProviderAnswerInvalid("The provider does not say when you last proved who you are")
    if claims.auth_time < expected.fresh_since - LEEWAY_SECONDS:
        raise ProviderAnswerInvalid("The provider did not ask you again who you are")
