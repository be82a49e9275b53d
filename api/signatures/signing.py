"""Signatures of answers (RFC 9421) with the digest of their content (RFC 9530), made by `http-message-signatures`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Final

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    MappingKeyResolver,
    algorithms,
)
from starlette.datastructures import MutableHeaders

from api.signatures.accept_signature import Wanted
from backplane.services.requests.response_keys import ResponseKey

TAG: Final = "imageshield"
LIFETIME: Final = timedelta(seconds=300)
EMPTY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
DIGEST: Final = '"content-digest"'


def sign(
    status: int,
    headers: MutableHeaders,
    body: bytes,
    *,
    request: SimpleNamespace,
    wanted: Sequence[Wanted],
    key: ResponseKey,
) -> None:
    """Write `Content-Digest`, `Signature-Input` and `Signature` into the headers of an answer.

    A component that the answer does not have is left out, among them the digest of an answer without content: HEAD,
    204 and 304. `Signature-Input` lists what is covered.

    Raises:
        HTTPMessageSignaturesException: a field has characters that no signature covers.
    """
    digested = has_content(request.method, status)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_resolver(key))
    message = SimpleNamespace(status_code=status, headers=headers, request=request)
    created = datetime.now(UTC)
    for one in wanted:
        signer.sign(
            message,
            key_id=key.kid,
            created=created,
            expires=created + LIFETIME,
            nonce=one.nonce,
            label=one.label,
            tag=one.tag or TAG,
            covered_component_ids=[name for name in one.components if _is_there(name, headers, digested=digested)],
            append_if_signature_exists=True,
            body=body if digested else None,
            use_existing_digest=digested and "content-digest" in headers,
        )


def has_content(method: str, status: int) -> bool:
    """Return whether an answer has content, which may be empty."""
    return method != "HEAD" and status not in EMPTY


def _is_there(component: str, headers: MutableHeaders, *, digested: bool) -> bool:
    if component == DIGEST:
        return digested
    return component.startswith('"@') or component.endswith(";req") or component.strip('"') in headers


def _resolver(key: ResponseKey) -> HTTPSignatureKeyResolver:
    return MappingKeyResolver(public_keys={}, private_keys={key.kid: key.private})
