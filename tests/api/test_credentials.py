"""Access tokens that are refused, after RFC 8725 and ASVS 9; and the published signing keys."""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from jose import jwt

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

JOBS = "/api/v1/jobs"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def encode(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(token):
    header, claims, signature = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims)), signature


def sign_hs256(header, claims, secret):
    signed = f"{encode(header)}.{encode(claims)}"
    mac = hmac.HMAC(secret, hashes.SHA256())
    mac.update(signed.encode())
    return f"{signed}.{encode(mac.finalize())}"


def sign_es256(header, claims, key):
    signed = f"{encode(header)}.{encode(claims)}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    s = min(s, ORDER - s)
    return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.fixture
def own_key(gateway):
    """The gateway's own signing key: these tokens have a valid signature."""
    return gateway.services.identity.signing_keys.signer().private


async def answer(client, authorization):
    return await client.get(JOBS, headers={"Authorization": authorization})


async def assert_refused(client, token, code="unauthenticated"):
    response = await answer(client, f"Bearer {token}")
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert token not in response.text


class TestAuthorizationHeader:
    async def test_none_is_401(self, client):
        response = await client.get(JOBS)
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")

    @pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer", "Token x", "Bearer x y"])
    async def test_another_scheme_or_no_token_is_401(self, client, value):
        assert (await answer(client, value)).status_code == 401

    async def test_the_scheme_is_case_insensitive(self, client, ada):
        assert (await answer(client, f"bearer {ada.token}")).status_code == 200

    async def test_two_headers_are_refused(self, client, ada):
        headers = [("Authorization", f"Bearer {ada.token}"), ("Authorization", f"Bearer {ada.token}")]
        assert (await client.get(JOBS, headers=headers)).status_code == 401

    async def test_a_cookie_or_a_query_is_no_credential(self, client, ada):
        response = await client.get(JOBS, headers={"Cookie": f"access_token={ada.token}"})
        assert response.status_code == 401
        assert (await client.get("/api/v1/jobs/x", params={"access_token": ada.token})).status_code == 401


class TestForgedTokens:
    async def test_alg_none(self, client, ada):
        header, claims, _ = parts(ada.token)
        for algorithm in ("none", "None", "NONE"):
            await assert_refused(client, f"{encode(header | {'alg': algorithm})}.{encode(claims)}.")

    @pytest.mark.parametrize(
        ("encoding", "form"),
        [
            (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
            (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
        ],
    )
    async def test_hs256_under_the_public_key(self, client, ada, own_key, encoding, form):
        header, claims, _ = parts(ada.token)
        secret = own_key.public_key().public_bytes(encoding, form)
        await assert_refused(client, sign_hs256(header | {"alg": "HS256"}, claims, secret))

    async def test_a_key_in_the_header_is_not_used(self, client, ada):
        stranger = ec.generate_private_key(ec.SECP256R1())
        point = stranger.public_key().public_numbers()
        jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": encode(point.x.to_bytes(32, "big")),
            "y": encode(point.y.to_bytes(32, "big")),
        }
        header, claims, _ = parts(ada.token)
        for extra in ({}, {"jwk": jwk}, {"jku": "http://127.0.0.1/keys"}, {"x5u": "http://127.0.0.1/x"}):
            await assert_refused(client, sign_es256(header | extra, claims, stranger))

    @pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "", None, 7, "unknown"])
    async def test_another_kid(self, client, ada, own_key, kid):
        header, claims, _ = parts(ada.token)
        await assert_refused(client, sign_es256(header | {"kid": kid}, claims, own_key))

    @pytest.mark.parametrize("typ", ["JWT", "imageshield-payload+jws", None])
    async def test_another_typ(self, client, ada, own_key, typ):
        header, claims, _ = parts(ada.token)
        await assert_refused(client, sign_es256(header | {"typ": typ}, claims, own_key))

    @pytest.mark.parametrize(
        "extra", [{"crit": ["b64"]}, {"crit": []}, {"b64": False}, {"zip": "DEF"}, {"cty": "JWT"}, {"x": None}]
    )
    async def test_a_header_with_more_in_it(self, client, ada, own_key, extra):
        header, claims, _ = parts(ada.token)
        await assert_refused(client, sign_es256(header | extra, claims, own_key))

    @pytest.mark.parametrize(
        "change",
        [
            {"exp": float("inf")},
            {"exp": float("nan")},
            {"exp": True},
            {"exp": "4000000000"},
            {"exp": 4_000_000_000.5},
            {"exp": 10**300},
            {"nbf": False},
            {"iat": float("-inf")},
            {"aud": ["imageshield/api"]},
            {"deep": json.loads("[" * 700 + "]" * 700)},
            {"aud": "imageshield/other"},
            {"iss": "somebody"},
            {"sub": "acc_1"},
            {"sub": "job_" + "0" * 32},
            {"sub": 7},
            {"nbf": 4_000_000_000},
            {"scope": None},
            {"exp": "never"},
        ],
    )
    async def test_claims_that_no_token_of_ours_has(self, client, ada, own_key, change):
        header, claims, _ = parts(ada.token)
        await assert_refused(client, sign_es256(header, claims | change, own_key))

    @pytest.mark.parametrize("claim", ["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "scope"])
    async def test_a_missing_claim(self, client, ada, own_key, claim):
        header, claims, _ = parts(ada.token)
        del claims[claim]
        await assert_refused(client, sign_es256(header, claims, own_key))

    async def test_the_forging_helper_makes_tokens_that_pass(self, client, ada, own_key):
        header, claims, _ = parts(ada.token)
        assert (await answer(client, f"Bearer {sign_es256(header, claims, own_key)}")).status_code == 200

    async def test_a_scope_that_is_not_there_is_403(self, client, ada, own_key):
        header, claims, _ = parts(ada.token)
        token = sign_es256(header, claims | {"scope": "jobs:write"}, own_key)
        response = await answer(client, f"Bearer {token}")
        assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")


class TestMalleableTokens:
    async def test_the_twin_of_a_signature(self, client, ada):
        signed, _, signature = ada.token.rpartition(".")
        raw = decode(signature)
        twin = (ORDER - int.from_bytes(raw[32:])).to_bytes(32)
        await assert_refused(client, f"{signed}.{encode(raw[:32] + twin)}")

    async def test_another_spelling_of_the_same_bytes(self, client, ada):
        # 64 bytes of signature take 86 characters, of whose last one four bits are not used: RFC 4648, section 3.5.
        last = ada.token[-1]
        twin = next(c for c in ALPHABET if c != last and ALPHABET.index(c) >> 4 == ALPHABET.index(last) >> 4)
        assert decode((ada.token[:-1] + twin).split(".")[2]) == decode(ada.token.split(".")[2])
        await assert_refused(client, ada.token[:-1] + twin)

    async def test_padding_line_breaks_and_foreign_characters(self, client, ada):
        header, claims, signature = ada.token.split(".")
        for token in (
            f"{ada.token}==",
            f"{header}=.{claims}.{signature}",
            f"{header}.{claims}.{signature}!",
            f"{ada.token}.",
        ):
            await assert_refused(client, token)

    async def test_every_single_character_of_the_signature_counts(self, client, ada):
        signed, _, signature = ada.token.rpartition(".")
        for index in range(0, len(signature), 7):
            other = "A" if signature[index] != "A" else "B"
            await assert_refused(client, f"{signed}.{signature[:index]}{other}{signature[index + 1 :]}")

    async def test_a_token_of_more_than_4096_characters(self, client, ada):
        await assert_refused(client, "a" * 5000)


class TestExpiredTokens:
    async def test_are_401_and_say_so(self, client, ada, own_key):
        header, claims, _ = parts(ada.token)
        token = sign_es256(header, claims | {"exp": int(time.time()) - 1, "nbf": 0, "iat": 0}, own_key)
        await assert_refused(client, token, code="token-expired")

    async def test_a_forged_one_is_not_called_expired(self, client, ada):
        header, claims, _ = parts(ada.token)
        stranger = ec.generate_private_key(ec.SECP256R1())
        await assert_refused(client, sign_es256(header, claims | {"exp": 1}, stranger))


class TestPublishedKeys:
    async def test_verify_a_token(self, client, ada):
        keys = (await client.get("/.well-known/jwks.json")).json()
        claims = jwt.decode(ada.token, keys, algorithms=["ES256"], audience="imageshield/api", issuer="imageshield")
        assert claims["sub"] == f"acc_{ada.account_id.hex}"

    async def test_hold_nothing_private(self, client):
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
        about = {"kty", "kid", "alg", "use", "imageshield_use"}
        assert {key["kty"]: set(key) - about for key in keys} == {"EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}

    async def test_may_be_cached_for_five_minutes(self, client):
        response = await client.get("/.well-known/jwks.json")
        assert response.headers["Cache-Control"] == "public, max-age=300"
        assert response.headers["Content-Type"] == "application/json"

    async def test_name_their_use_and_algorithm(self, gateway, client):
        gateway.services.audit.keys.signer()  # the first one makes its key
        keys = (await client.get("/.well-known/jwks.json")).json()["keys"]
        assert {key["imageshield_use"]: key["alg"] for key in keys} == {
            "access-token": "ES256",
            "audit-checkpoint": "EdDSA",
            "receipt": "EdDSA",
            "response-signature": "EdDSA",
        }
        assert len({key["kid"] for key in keys}) == len(keys)


class TestReceiptKeys:
    """The keys of receipts are published beside those of tokens, and never verify a token."""

    async def test_sign_no_token(self, gateway, client, ada):
        header, claims, _ = parts(ada.token)
        signer = gateway.services.entropy.receipts.signer()
        for algorithm in ("EdDSA", "Ed25519", "ES256"):
            signed = f"{encode(header | {'alg': algorithm, 'kid': signer.public_keys[0].kid})}.{encode(claims)}"
            await assert_refused(client, f"{signed}.{encode(signer.ed25519.sign(signed.encode()))}")

    async def test_are_no_secret_of_a_token(self, client, ada):
        header, claims, _ = parts(ada.token)
        for key in (await client.get("/.well-known/jwks.json")).json()["keys"]:
            for secret in (key["x"].encode(), decode(key["x"])):
                await assert_refused(client, sign_hs256(header | {"alg": "HS256", "kid": key["kid"]}, claims, secret))
