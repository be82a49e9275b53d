"""The header `Accept-Signature` (RFC 9421, section 5): which signature of the answer a caller asks for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, NoReturn

import http_sf
from http_message_signatures import HTTPMessageSignaturesException, HTTPSignatureComponentResolver
from http_sf.compat import Item
from starlette.datastructures import Headers
from starlette.types import Scope

from api.errors import AcceptSignatureInvalid

HEADER: Final = "Accept-Signature"
ALGORITHM: Final = "ed25519"
REQUIRED: Final = (
    '"@status"',
    '"content-digest"',
    '"content-type"',
    '"x-request-id"',
    '"@method";req',
    '"@target-uri";req',
)
"""What every signature covers: less would bind an answer to no request, or leave a part of it open."""

EXAMPLE: Final = f"sig=({' '.join(REQUIRED)});created;expires"

OF_REQUEST: Final = frozenset({"@method", "@target-uri", "@authority", "@scheme", "@path", "@query"})
SECRET: Final = frozenset({"authorization", "cookie", "set-cookie", "x-api-key"})
"""A signature over a credential could be used to test guesses of it."""

FIELD: Final = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
LENGTH, LABELS, COMPONENTS = 2048, 4, 32
TEXTS: Final = {"nonce": 128, "tag": 64, "keyid": 128, "alg": 32}
FLAGS: Final = frozenset({"created", "expires"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One signature that is asked for: its label, what it covers, and what it repeats."""

    label: str
    components: tuple[str, ...]
    nonce: str | None
    tag: str | None


def read_accept_signature(headers: Headers, request: SimpleNamespace, *, kid: str) -> list[Wanted]:
    """Read which signatures are asked for, where the key `kid` signs.

    Raises:
        AcceptSignatureInvalid: it cannot be read, or asks for a signature that is not made here.
    """
    text = ", ".join(headers.getlist(HEADER))
    if len(text) > LENGTH:
        _refuse(f"The header has at most {LENGTH:,} characters")
    try:
        members: Any = http_sf.parse(text.encode("latin-1"), tltype="dictionary", on_duplicate_key=_twice)
    except (ValueError, UnicodeError):
        members = {}
    if not 0 < len(members) <= LABELS:
        _refuse(f"The header is a dictionary of 1 to {LABELS} labels with inner lists, such as {EXAMPLE}")
    return [_read(label, *member, request=request, kid=kid) for label, member in members.items()]


def request_of(scope: Scope) -> SimpleNamespace:
    """Describe the request as its caller sees it, for the components with `req`."""
    headers = Headers(scope=scope)
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    url = f"{scope['scheme']}://{headers.get('host', '')}{path}" + (f"?{query}" if query else "")
    return SimpleNamespace(method=scope["method"], url=url, headers=headers)


def _read(label: str, value: Any, parameters: Mapping[str, Any], *, request: SimpleNamespace, kid: str) -> Wanted:
    if not isinstance(value, list) or len(value) > COMPONENTS:
        _refuse(f"A label has an inner list of at most {COMPONENTS} components, such as {EXAMPLE}")
    components = [_component(*component) for component in value]
    missing = [name for name in REQUIRED if name not in components]
    if missing or len(set(components)) != len(components):
        _refuse(f"A signature covers each component once, and at least these: {' '.join(REQUIRED)}")
    for name, given in parameters.items():
        _check_parameter(name, given, kid)
    _check_request(components, request)
    return Wanted(label, tuple(components), parameters.get("nonce"), parameters.get("tag"))


def _component(name: Any, parameters: Mapping[str, Any]) -> str:
    of_request = dict(parameters) == {"req": True}
    if not isinstance(name, str) or (parameters and not of_request):
        _refuse("A component is a name in quotation marks, with no parameter but req")
    derived = OF_REQUEST if of_request else {"@status"}
    if name in SECRET or not (name in derived or FIELD.fullmatch(name)):
        _refuse("The components are fields without credentials, @status, and with req " + " ".join(sorted(OF_REQUEST)))
    return f'"{name}";req' if of_request else f'"{name}"'


def _check_parameter(name: str, given: Any, kid: str) -> None:
    if name in FLAGS and given is True:
        return
    if name not in TEXTS or not isinstance(given, str) or len(given) > TEXTS[name]:
        _refuse("The parameters are created, expires, keyid, alg, nonce (128 characters) and tag (64 characters)")
    if (name, given) not in {("keyid", kid), ("alg", ALGORITHM), ("nonce", given), ("tag", given)}:
        _refuse(f'The key that signs is keyid="{kid}", with alg="{ALGORITHM}"')


def _check_request(components: Sequence[str], request: SimpleNamespace) -> None:
    """Refuse what the request does not have, before anything is done: it is known already."""
    names = [component.removesuffix(";req") for component in components if component.endswith(";req")]
    try:
        resolver = HTTPSignatureComponentResolver(request)  # type: ignore[no-untyped-call]
        for name in names:
            resolver.resolve(Item(name.strip('"')))
    except HTTPMessageSignaturesException:
        _refuse("A component with req is not in this request, or the request has no Host or a target that is no URI")


def _twice(*_: object) -> NoReturn:
    raise ValueError("a name that occurs twice")


def _refuse(detail: str) -> NoReturn:
    raise AcceptSignatureInvalid(detail)
