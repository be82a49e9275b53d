"""Signed answers, verified by `http-message-signatures` and by a reading of RFC 9421 that shares no code with it."""

import base64
import hashlib
import json
import re
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, InvalidSignature, MappingKeyResolver, algorithms
from jose import jwt

from api.signatures import signing as signatures
from api.signatures.accept_signature import EXAMPLE, REQUIRED
from api.site.files import File
from backplane.errors import Unauthenticated, Unavailable
from backplane.services.requests.response_keys import CHECK_SECONDS, LEAD_SECONDS, OVERLAP_SECONDS
from shield_core.keys import jwk
from tests.api.conftest import opened
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ASK = {"Accept-Signature": EXAMPLE}
JOB = "/api/v1/jobs/job_" + "0" * 32


async def keys_of(client):
    published = (await client.get("/.well-known/jwks.json")).content
    return {kid: key.raw for kid, key in jwk.parse(published, use="response-signature").keys.items()}


def verify(response, keys, *, body=None, max_age=timedelta(seconds=300), require=REQUIRED):
    """Verify with the library."""
    public = {kid: Ed25519PublicKey.from_public_bytes(raw) for kid, raw in keys.items()}
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519, key_resolver=MappingKeyResolver(public_keys=public, private_keys={})
    )
    request = SimpleNamespace(
        method=response.request.method, url=str(response.request.url), headers=response.request.headers
    )
    message = SimpleNamespace(status_code=response.status_code, headers=response.headers, request=request)
    content = response.content if body is None else body
    return verifier.verify(
        message, max_age=max_age, expect_tag=signatures.TAG, require_components=require, body=content
    )


def verify_by_hand(response, keys):
    """Verify as RFC 9421, section 2.5, says, with strings alone; return what is covered."""
    label, _, parameters = response.headers["Signature-Input"].partition("=")
    signature = base64.b64decode(response.headers["Signature"].removeprefix(f"{label}=:").removesuffix(":"))
    covered = re.findall(r'"([^"]+)"(;req)?', parameters[: parameters.index(")")])
    lines = [f'"{name}"{flag}: {_value(response, name, of_request=bool(flag))}' for name, flag in covered]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    raw = keys[re.search(r';keyid="([^"]+)"', parameters)[1]]
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, base.encode())
    if "Content-Digest" in response.headers:
        digest = base64.b64encode(hashlib.sha256(response.content).digest()).decode()
        assert response.headers["Content-Digest"] == f"sha-256=:{digest}:"
    return [name + flag for name, flag in covered]


def _value(response, name, *, of_request):
    message = response.request if of_request else response
    known = {"@status": str(response.status_code), "@method": response.request.method}
    url = urlsplit(str(response.request.url))
    known |= {"@target-uri": str(response.request.url), "@path": url.path, "@query": f"?{url.query}"}
    return known[name] if name.startswith("@") else message.headers[name]


class TestSigned:
    @pytest.mark.parametrize("path", ["/api/v1/tiers", "/api/v1/jobs?limit=5", JOB, "/nothing%20here?x=%C3%BC"])
    async def test_both_verifiers_accept(self, client, ada, path):
        response = await ada.http.get(path, headers=ASK)
        keys = await keys_of(client)
        [found] = verify(response, keys)
        assert found.parameters["expires"] - found.parameters["created"] == 300
        assert verify_by_hand(response, keys) == [name.replace('"', "") for name in REQUIRED]
        assert "Accept-Signature" in response.headers["Vary"]

    async def test_unasked_answer_has_none(self, client):
        headers = (await client.get("/api/v1/tiers")).headers
        assert not {"signature", "signature-input", "content-digest", "signature-omitted"} & headers.keys()

    async def test_problem_of_the_framework_is_signed(self, client):
        keys = await keys_of(client)
        for method, status in (("DELETE", 405), ("TRACE", 405), ("POST", 405)):
            response = await client.request(method, "/api/v1/tiers", headers=ASK)
            assert response.status_code == status
            assert verify(response, keys)
            assert verify_by_hand(response, keys)

    async def test_unexpected_failure_is_signed(self, gateway, client, monkeypatch):
        monkeypatch.setattr(type(gateway.services.usage.tiers), "__iter__", None, raising=False)
        monkeypatch.setattr("api.routes.installation.Tiers.of", lambda _: 1 / 0)
        response = await client.get("/api/v1/tiers", headers=ASK)
        assert response.status_code == 500
        assert verify(response, await keys_of(client))

    async def test_posted_job_is_bound_to_its_request(self, client, ada):
        files = {"image": ("a.png", pictures.as_png(pictures.make(8, 6)))}
        asked = f'sig=({" ".join(REQUIRED)} "location" "idempotency-key";req);nonce="n-1";tag="mine"'
        response = await ada.http.post(
            "/api/v1/encrypt", files=files, headers={"Accept-Signature": asked, "Idempotency-Key": "one-1234567"}
        )
        assert response.status_code == 202
        covered = verify_by_hand(response, await keys_of(client))
        assert covered[-2:] == ["location", "idempotency-key;req"]
        assert ';nonce="n-1";tag="mine"' in response.headers["Signature-Input"]

    async def test_several_labels(self, client):
        asked = f'a=({" ".join(REQUIRED)}), b=({" ".join(REQUIRED)} "@path";req);tag="other"'
        response = await client.get("/api/v1/tiers", headers={"Accept-Signature": asked})
        [found] = verify(response, await keys_of(client))
        assert found.label == "a"
        assert re.search(r'\bb=\(.*;tag="other"', response.headers["Signature-Input"])

    async def test_behind_tls_the_public_url_tells_the_scheme(self, gateway_settings):
        async with opened(gateway_settings(public_url="https://images.example")) as gateway:
            client = httpx.AsyncClient(transport=gateway.transport, base_url="http://images.example")
            async with client:
                response = await client.get("/api/v1/tiers", headers=ASK)
                keys = await keys_of(client)
        response.request = httpx.Request("GET", "https://images.example/api/v1/tiers", headers=ASK)
        assert verify(response, keys)


class TestOmitted:
    async def test_field_that_cannot_be_covered(self, client, monkeypatch):
        original = File.respond

        def respond(self, request, **options):
            response = original(self, request, **options)
            response.headers["X-Odd"] = "\xe9"
            return response

        monkeypatch.setattr(File, "respond", respond)
        asked = {"Accept-Signature": EXAMPLE.replace(")", ' "x-odd")')}
        response = await client.get("/docs", headers=asked)
        assert (response.status_code, response.headers["Signature-Omitted"]) == (200, "field")
        assert response.content == (await client.get("/docs")).content
        assert "Signature" not in response.headers


class TestWithoutContent:
    async def test_head_covers_no_digest(self, client):
        response = await client.head("/api/v1/tiers", headers=ASK)
        covered = verify_by_hand(response, await keys_of(client))
        assert "content-digest" not in covered
        assert "content-type" in covered
        assert "Content-Digest" not in response.headers

    async def test_no_content(self, client, ada, engine):
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        response = await ada.http.delete(f"/api/v1/jobs/{job_id}", headers=ASK)
        assert response.status_code == 204
        assert "content-digest" not in verify_by_hand(response, await keys_of(client))

    async def test_not_modified(self, client, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        path = f"/api/v1/jobs/{job_id}/result"
        etag = (await ada.http.head(path)).headers["ETag"]
        response = await ada.http.get(path, headers=ASK | {"If-None-Match": etag})
        assert response.status_code == 304
        assert "content-digest" not in verify_by_hand(response, await keys_of(client))


class TestFiles:
    async def test_small_file_and_part_are_signed(self, client, ada, engine):
        job_id = await ada.encrypt()
        picture = await engine.complete_encrypt(job_id)
        keys = await keys_of(client)
        whole = await ada.http.get(f"/api/v1/jobs/{job_id}/result", headers=ASK)
        assert whole.content == picture
        assert verify(whole, keys)
        part = await ada.http.get(f"/api/v1/jobs/{job_id}/result", headers=ASK | {"Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, picture[:10])
        assert verify(part, keys)

    async def test_large_file_says_that_it_is_not(self, ada, engine, monkeypatch):
        monkeypatch.setattr("api.middleware.signatures.HELD_BYTES", 100)
        job_id = await ada.encrypt()
        picture = await engine.complete_encrypt(job_id)
        response = await ada.http.get(f"/api/v1/jobs/{job_id}/result", headers=ASK)
        assert response.content == picture
        assert response.headers["Signature-Omitted"] == "streaming"
        assert "Signature" not in response.headers

    async def test_events_are_not_held_back(self, server, wired, engine):
        job_id = await wired.encrypt()
        url = f"/api/v1/jobs/{job_id}/events"
        async with wired.http.stream("GET", url, headers=ASK) as response:
            assert response.headers["Signature-Omitted"] == "streaming"
            assert "snapshot" in await anext(response.aiter_text())


class TestChanged:
    async def test_every_covered_part_counts(self, client):
        keys = await keys_of(client)
        request = {"Accept-Signature": EXAMPLE.replace(")", ' "cache-control" "@query";req "x-request-id";req)')}
        response = await client.get("/api/v1/tiers", headers=request | {"X-Request-ID": "abcdefgh"})
        assert response.status_code == 200, response.text
        assert verify(response, keys)
        assert len(verify_by_hand(response, keys)) == len(CHANGES) == len(REQUIRED) + 3
        for name, change in CHANGES.items():
            changed = copy(response)
            change(changed)
            with pytest.raises(InvalidSignature):
                verify(changed, keys)
            with pytest.raises((WrongSignature, AssertionError)):
                verify_by_hand(changed, keys)
            assert name in response.headers["Signature-Input"]

    async def test_parameters_and_content_count(self, client):
        keys = await keys_of(client)
        response = await client.get("/api/v1/tiers", headers=ASK)
        with pytest.raises(InvalidSignature):
            verify(response, keys, body=response.content + b" ")
        given = response.headers["Signature-Input"]
        for old, new in ((";tag=", ';nonce="x";tag='), ("created=1", "created=2"), ('"content-type" ', "")):
            changed = copy(response)
            changed.headers["Signature-Input"] = given.replace(old, new)
            assert changed.headers["Signature-Input"] != given
            with pytest.raises(InvalidSignature):
                verify(changed, keys, require=())

    async def test_old_one_is_refused(self, client, monkeypatch):
        keys = await keys_of(client)

        class Past(signatures.datetime):
            @classmethod
            def now(cls, tz=None):
                return super().now(tz) - timedelta(seconds=age)

        monkeypatch.setattr(signatures, "datetime", Past)
        age = 290
        assert verify(await client.get("/api/v1/tiers", headers=ASK), keys)
        age = 310
        response = await client.get("/api/v1/tiers", headers=ASK)
        verify_by_hand(response, keys)
        with pytest.raises(InvalidSignature, match="in the past"):
            verify(response, keys, max_age=None)


def copy(response):
    request = httpx.Request(response.request.method, response.request.url, headers=response.request.headers)
    return httpx.Response(response.status_code, headers=response.headers, content=response.content, request=request)


def _set(name, value, *, of_request=False):
    def change(response):
        (response.request if of_request else response).headers[name] = value

    return change


def _request(**changes):
    def change(response):
        before = {"method": response.request.method, "url": str(response.request.url)} | changes
        response.request = httpx.Request(before["method"], before["url"], headers=response.request.headers)

    return change


CHANGES = {
    '"@status"': lambda response: setattr(response, "status_code", 201),
    '"content-digest"': _set("Content-Digest", f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"),
    '"content-type"': _set("Content-Type", "text/html"),
    '"x-request-id"': _set("X-Request-ID", "abcdefgi"),
    '"cache-control"': _set("Cache-Control", "public"),
    '"@method";req': _request(method="POST"),
    '"@target-uri";req': _request(url="http://gateway/api/v1/tierz"),
    '"@query";req': _request(url="http://gateway/api/v1/tiers?x=1"),
    '"x-request-id";req': _set("X-Request-ID", "abcdefgi", of_request=True),
}


class TestRefused:
    @pytest.mark.parametrize(
        "asked",
        [
            "", "sig", "sig=1", "sig=()", "sig=(", "(", "sig=:AA==:", "SIG=()", "sig=?1", EXAMPLE + ", sig=()",
            EXAMPLE.replace('"@status" ', ""), EXAMPLE.replace(' "@method";req', ""), EXAMPLE.replace(";req", "", 1),
            EXAMPLE.replace(")", ' "@status")'), EXAMPLE.replace(")", ' "@status";req)'),
            EXAMPLE.replace(")", ' "authorization";req)'), EXAMPLE.replace(")", ' "set-cookie")'),
            EXAMPLE.replace(")", ' "x-not-sent";req)'), EXAMPLE.replace(")", ' "content-digest";key="sha-256")'),
            EXAMPLE.replace(")", ' "@query-param";name="x";req)'), EXAMPLE.replace(")", ' "Content-Type")'),
            EXAMPLE.replace(")", " token)"), EXAMPLE.replace(")", " 1)"),
            EXAMPLE + ';alg="rsa-pss-sha512"', EXAMPLE + ';keyid="other"', EXAMPLE + ";nonce=1", EXAMPLE + ";other",
            EXAMPLE + f';nonce="{"x" * 129}"', EXAMPLE.replace("created", "created=1"), EXAMPLE + ";expires=?0",
            ", ".join(f"{label}={EXAMPLE[4:]}" for label in "abcde"), "sig=(" + '"a" ' * 600 + ")", EXAMPLE + "\xe9",
        ],
    )  # fmt: skip
    async def test_before_anything_is_done(self, client, asked):
        response = await client.post(
            "/api/v1/auth/register", json={}, headers=[(b"Accept-Signature", asked.encode("latin-1"))]
        )
        assert (response.status_code, response.json()["code"]) == (400, "accept-signature-invalid")
        assert response.headers["X-Request-ID"] == response.json()["request_id"]
        assert asked not in response.text or len(asked) < 12

    async def test_key_may_be_named(self, gateway, client):
        kid = gateway.services.response_keys.signer().kid
        asked = {"Accept-Signature": f'{EXAMPLE};keyid="{kid}";alg="ed25519"'}
        assert verify(await client.get("/api/v1/tiers", headers=asked), await keys_of(client))

    async def test_without_the_vault_nothing_is_done(self, gateway, client, monkeypatch):
        def fail(_):
            raise Unavailable("The vault's keys are not there")

        monkeypatch.setattr(type(gateway.services.response_keys), "signer", fail)
        response = await client.get("/api/v1/tiers", headers=ASK)
        assert response.json()["code"] == "unavailable"


class TestKeys:
    async def test_set_says_what_they_are_for(self, client):
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
        [key] = [key for key in keys if key["imageshield_use"] == "response-signature"]
        assert (key["kty"], key["crv"], key["use"]) == ("OKP", "Ed25519", "sig")
        assert len({key["kid"] for key in keys}) == len(keys)

    async def test_are_no_keys_of_tokens(self, gateway, ada):
        key = gateway.services.response_keys.signer()
        raw = key.private.private_bytes_raw()
        claims = jwt.get_unverified_claims(ada.token)
        header = base64url({"alg": "EdDSA", "typ": "at+jwt", "kid": key.kid})
        signed = f"{header}.{base64url(claims)}"
        forged = f"{signed}.{encode(key.private.sign(signed.encode()))}"
        assert len(raw) == 32
        with pytest.raises(Unauthenticated):
            gateway.services.identity.tokens.verify(forged)
        response = await ada.http.get("/api/v1/jobs", headers={"Authorization": f"Bearer {forged}"})
        assert response.status_code == 401

    async def test_rotation_has_two_keys(self, gateway, client, monkeypatch):
        keys, now = gateway.services.response_keys, [gateway.services.response_keys._clock()]
        monkeypatch.setattr(keys, "_clock", lambda: now[0])
        old = keys.signer().kid
        before = await client.get("/api/v1/tiers", headers=ASK)
        new = keys.rotate().kid
        assert set(await keys_of(client)) == {old, new}
        assert keys.signer().kid == old  # a copy of the key set may not have the new one yet
        now[0] += LEAD_SECONDS + CHECK_SECONDS
        after = await client.get("/api/v1/tiers", headers=ASK)
        published = await keys_of(client)
        for response, kid in ((before, old), (after, new)):
            [found] = verify(response, published)
            assert found.parameters["keyid"] == kid
            verify_by_hand(response, published)
            with pytest.raises(InvalidSignature):
                verify(
                    response,
                    {kid: key for kid, key in published.items() if key != published[found.parameters["keyid"]]},
                )
        now[0] += OVERLAP_SECONDS
        assert set(await keys_of(client)) == {new}


def base64url(value):
    return encode(json.dumps(value).encode())


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
