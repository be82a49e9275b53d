"""Ceremonies of WebAuthn: their options for a browser, and the verification of what an authenticator answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import (
    base64url_to_bytes,
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from backplane.db.models import Passkey
from backplane.errors.factors import PasskeyRefused
from backplane.settings import Settings

SECONDS = 300
"""How long a user has for a ceremony: the browser may ask for a phone, or for the PIN of a security key."""

FORMATS = frozenset({AttestationFormat.NONE, AttestationFormat.PACKED})
"""We ask for no attestation; an authenticator may attest itself anyway (WebAuthn, section 5.1.3)."""

LONGEST_CREDENTIAL_ID = 1023
"""Bytes: WebAuthn, section 4."""

Credential = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What a registration has brought."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified answer of an authenticator."""

    sign_count: int
    backed_up: bool
    user_verified: bool
    user_handle: bytes | None


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This service, as authenticators know it: passkeys are bound to the host."""

    id: str
    origins: tuple[str, ...]

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """Take the host of PUBLIC_URL, or of the first allowed origin; None where browsers have no passkeys.

        They want a name that is no address, over https or on localhost.
        """
        if not settings.origins:
            return None
        first = urlsplit(settings.origins[0])
        host = first.hostname or ""
        if _is_address(host) or (first.scheme != "https" and not _is_within(host, "localhost")):
            return None
        return cls(host, tuple(one for one in settings.origins if _is_within(urlsplit(one).hostname or "", host)))

    def creation_options(
        self, challenge: bytes, *, handle: bytes, user: str, known: Sequence[Passkey]
    ) -> dict[str, Any]:
        options = webauthn.generate_registration_options(
            rp_id=self.id,
            rp_name=f"ImageShield ({self.id})",
            user_id=handle,
            user_name=user,
            challenge=challenge,
            timeout=SECONDS * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
            ),
            exclude_credentials=_descriptors(known),
        )
        return _as_json(options)

    def request_options(self, challenge: bytes, *, known: Sequence[Passkey], alone: bool) -> dict[str, Any]:
        """Describe a log-in; without `known` passkeys the authenticator names the user."""
        options = webauthn.generate_authentication_options(
            rp_id=self.id,
            challenge=challenge,
            timeout=SECONDS * 1000,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.PREFERRED,
        )
        return _as_json(options)

    def verify_new(self, credential: Credential, challenge: bytes) -> NewCredential:
        """Verify a registration.

        Raises:
            PasskeyRefused: it is of another origin, host or challenge, or malformed.
        """
        with _refusing():
            parsed = parse_registration_credential_json(dict(credential))
            if parse_attestation_object(parsed.response.attestation_object).fmt not in FORMATS:
                raise PasskeyRefused
            _demand_own_frame(parsed.response.client_data_json)
            found = webauthn.verify_registration_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
            )
            if len(found.credential_id) > LONGEST_CREDENTIAL_ID:
                raise PasskeyRefused
            transports = [one.value for one in dict.fromkeys(parsed.response.transports or ())]
            return NewCredential(
                found.credential_id,
                found.credential_public_key,
                found.sign_count,
                transports,
                found.credential_backed_up,
            )

    def verify_use(self, credential: Credential, challenge: bytes, *, public_key: bytes) -> Assertion:
        """Verify the answer to a challenge; the caller compares the counter, and the handle with the user's.

        Raises:
            PasskeyRefused: it is of another origin, host, challenge or key, or malformed.
        """
        with _refusing():
            parsed = parse_authentication_credential_json(dict(credential))
            _demand_own_frame(parsed.response.client_data_json)
            found = webauthn.verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
                credential_public_key=public_key,
                # It would be compared before the signature, with what another request may be changing.
                credential_current_sign_count=0,
            )
            return Assertion(
                found.new_sign_count, found.credential_backed_up, found.user_verified, parsed.response.user_handle
            )


def challenge_of(credential: Credential) -> bytes:
    """Read which challenge a credential answers, before anything in it is verified.

    Raises:
        PasskeyRefused: it is malformed.
    """
    with _refusing():
        return parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"])).challenge


def id_of(credential: Credential) -> bytes:
    """Read which passkey a credential is of, before anything in it is verified. Raises PasskeyRefused."""
    with _refusing():
        return base64url_to_bytes(credential["rawId"])


class _refusing:  # noqa: N801 - used like a function
    """Refuse what the library cannot read, in one way: it raises errors of many kinds for hostile input."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, PasskeyRefused):
            raise PasskeyRefused from error


def _demand_own_frame(client_data: bytes) -> None:
    if parse_client_data_json(client_data).cross_origin:
        raise PasskeyRefused


def _descriptors(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id, transports=[AuthenticatorTransport(name) for name in one.transports]
        )
        for one in known
    ]


def _as_json(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
