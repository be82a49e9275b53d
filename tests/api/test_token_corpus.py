"""Forged credentials against a service with several signing keys: all 401, on REST and on sockets."""

import base64
import itertools

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backplane.services.identity.access_tokens import AccessTokens
from backplane.services.identity.api_key_format import DIGITS, new_api_key, sealed
from backplane.services.identity.key_ring import SigningKey
from tests.api.conftest import opened, serving
from tests.api.listening import refusal
from tests.api.test_credentials import ALPHABET, ORDER, decode, encode, parts, sign_es256, sign_hs256

pytestmark = [pytest.mark.anyio, pytest.mark.stack, pytest.mark.slow]

JOBS = "/api/v1/jobs"
REFUSED = (401, "unauthenticated")
PUBLIC = (
    (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
    (serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint),
)
KIDS = ("", "unknown", "../../signing/000001", "/dev/null", "' OR 1=1 --", "000002", None, 7)


class Service:
    """A gateway and a server with a vault of their own: one key was ended, one signs, and one is announced."""

    def __init__(self, gateway, server, user):
        self.gateway, self.server, self.user = gateway, server, user
        keys = gateway.services.identity.signing_keys
        self.ended = keys.signer()
        self.signer = keys.add(at_once=True)
        self.announced = keys.add(at_once=False)
        server.services.identity.signing_keys.reread()
        self.live = (self.signer, self.announced)
        self.token = AccessTokens(keys, seconds=900).issue(user.account_id, user.session_id)
        self.header, self.claims, _ = parts(self.token)
        # The token of the log-in was signed by the ended key.
        user.http.headers["Authorization"] = f"Bearer {self.token}"

    def signed(self, key, kid):
        return sign_es256(self.header | {"kid": kid}, self.claims, key.private)

    async def answer(self, token):
        async with self.gateway.client(Authorization=f"Bearer {token}") as http:
            response = await http.get(JOBS)
        return response.status_code, response.json().get("code")


@pytest.fixture
async def service(gateway_settings, tmp_path):
    settings = gateway_settings(vault_directory=tmp_path / "vault")
    async with opened(settings) as gateway:
        user = await gateway.user()
        with serving(settings) as server:
            yield Service(gateway, server, user)


def forgeries(service):
    """Yield tokens that no key of the service has signed for this use, with what they try."""
    keys = (service.ended, service.signer, service.announced)
    stranger = SigningKey.generate()
    receipts = service.gateway.services.entropy.receipts.signer()
    kids = [key.kid for key in keys] + [receipts.public_keys[0].kid, stranger.kid, *KIDS]
    for key, kid in itertools.product((*keys, stranger), kids):
        if not (key in service.live and kid == key.kid):
            yield f"signed by another key than {kid}", service.signed(key, kid)
    for kid in kids:
        header = service.header | {"kid": kid}
        for algorithm in ("none", "None", ""):
            yield "no signature", f"{encode(header | {'alg': algorithm})}.{encode(service.claims)}."
        for algorithm in ("EdDSA", "Ed25519", "ES256"):
            text = f"{encode(header | {'alg': algorithm})}.{encode(service.claims)}"
            yield "a receipt's key", f"{text}.{encode(receipts.ed25519.sign(text.encode()))}"
    for key, (encoding, form) in itertools.product(keys, PUBLIC):
        secret = key.private.public_key().public_bytes(encoding, form)
        for kid in (key.kid, service.signer.kid):
            header = service.header | {"alg": "HS256", "kid": kid}
            yield "the public key as a secret", sign_hs256(header, service.claims, secret)
    for key in service.live:
        yield from twins(service.signed(key, key.kid))
        yield from headers(service, key)


def twins(token):
    """Yield other spellings of a valid token."""
    signed, _, signature = token.rpartition(".")
    raw = decode(signature)
    yield "high s", f"{signed}.{encode(raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32))}"
    other = next(c for c in ALPHABET if c != token[-1] and ALPHABET.index(c) >> 4 == ALPHABET.index(token[-1]) >> 4)
    yield "unused bits", token[:-1] + other
    yield "padding", token + "=="
    yield "DER signature", f"{signed}.{encode(b'0E' + raw)}"
    yield "short signature", f"{signed}.{encode(raw[:63])}"
    yield "no signature", f"{signed}."


def headers(service, key):
    """Yield tokens that a right key has signed, with a header that no token of ours has."""
    stranger = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (encode(value.to_bytes(32)) for value in (stranger.x, stranger.y))
    for extra in (
        {"jwk": f"{x}.{y}"},
        {"jku": "http://127.0.0.1/keys"},
        {"x5u": "http://127.0.0.1/x"},
        {"x5c": "MIIB"},
        {"crit": "kid"},
        {"typ": "JWT"},
        {"typ": "imageshield-payload+jws"},
        {"alg": "ES384"},
    ):
        yield f"header {extra}", sign_es256(service.header | {"kid": key.kid} | extra, service.claims, key.private)


def broken_api_keys(secret):
    """Yield texts that are nearly the key."""
    for at in (0, 4, 9, 30, 51, 57):
        yield secret[:at] + DIGITS[(DIGITS.find(secret[at]) + 1) % 62] + secret[at + 1 :]
    yield secret[:-1]
    yield secret + "0"
    yield secret.swapcase()
    yield secret.replace("qis_test_", "qis_live_")
    yield sealed(secret.replace("qis_test_", "qis_live_")[:-6])
    yield sealed(secret[:-7] + ("0" if secret[-7] != "0" else "1"))
    yield new_api_key("test")


class TestAccessTokens:
    async def test_of_live_keys_pass(self, service):
        assert await service.answer(service.token) == (200, None)
        for key in service.live:
            assert await service.answer(service.signed(key, key.kid)) == (200, None)

    async def test_forged_are_401_on_rest(self, service):
        tried = list(forgeries(service))
        assert len(tried) > 150
        for what, token in tried:
            assert await service.answer(token) == REFUSED, what

    async def test_forged_are_401_on_sockets(self, service):
        job_id = await service.user.encrypt()
        # Every fifth of each sort: a handshake takes longer than a request.
        for what, token in list(forgeries(service))[::5]:
            assert await refusal(service.server, job_id, token=token) == REFUSED, what

    async def test_of_other_key_sets_are_401(self, service):
        wanted = {"url": "https://93.184.216.34/", "events": ["job.failed"]}
        made = await service.user.http.post("/api/v1/webhooks", json=wanted)
        secret = base64.b64decode(made.json()["secret"].removeprefix("whsec_"))
        for key in service.live:
            header = service.header | {"alg": "HS256", "kid": key.kid}
            assert await service.answer(sign_hs256(header, service.claims, secret)) == REFUSED


class TestApiKeys:
    async def test_broken_are_401_on_both(self, service):
        wanted = {"name": "x", "scopes": ["jobs:read"]}
        secret = (await service.user.http.post("/api/v1/auth/keys", json=wanted)).json()["secret"]
        job_id = await service.user.encrypt()
        assert await service.answer(secret) == (200, None)
        for broken in broken_api_keys(secret):
            assert await service.answer(broken) == REFUSED, broken
            assert await refusal(service.server, job_id, token=broken) == REFUSED, broken
            assert await refusal(service.server, job_id, headers={"X-API-Key": broken}) == REFUSED, broken
