"""Access tokens with hostile contents under the right key: refused, and no other exception is raised."""

import base64
import json
import time
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backplane.errors import TokenExpired, Unauthenticated
from backplane.services.identity import jws
from backplane.services.identity.principal import Principal
from tests.support.signing import access_tokens

KEY = ec.generate_private_key(ec.SECP256R1())
TOKENS = access_tokens(
    KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    seconds=86_400,
)
ISSUED = TOKENS.issue(UUID(int=1), UUID(int=2))
DEEP = "[" * 1500 + "]" * 1500


class Raw(str):
    """Raw JSON that `json.dumps` would not write."""

    __slots__ = ()


def text_of(members):
    """Write an object whose keys may occur twice."""
    written = (f"{json.dumps(name)}: {one if isinstance(one, Raw) else json.dumps(one)}" for name, one in members)
    return ("{" + ", ".join(written) + "}").encode()


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(header, claims, *, low=True):
    signed = f"{encode(header)}.{encode(claims)}"
    r, s = decode_dss_signature(KEY.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    if (s > jws.ORDER // 2) is low:
        s = jws.ORDER - s
    return f"{signed}.{encode(r.to_bytes(32) + s.to_bytes(32))}"


def parts(token):
    given = jws.read(token)
    return list(given.header.items()), list(given.claims.items())


def refused(token):
    try:
        TOKENS.verify(token)
    except (Unauthenticated, TokenExpired):
        return True
    return False


HEADER, CLAIMS = parts(ISSUED)
NAMES = st.sampled_from([name for name, _ in HEADER + CLAIMS] + ["crit", "b64", "zip", "jwk", "at_hash", "user"])
NUMBERS = st.sampled_from(
    ["NaN", "Infinity", "-Infinity", "1e999", "-1", "1.5", "9" * 400, "9" * 2000, "true", "-0", DEEP]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
VALUES = JSON | NUMBERS.map(Raw)
MEMBERS = st.lists(st.tuples(NAMES, VALUES), max_size=3)


def changed(members, changes, *, replace):
    if not replace:
        return [*members, *changes]
    return [(name, dict(changes).get(name, one)) for name, one in members]


class TestVerify:
    @given(header=MEMBERS, claims=MEMBERS, replace=st.booleans(), low=st.booleans())
    @example(header=[], claims=[("exp", Raw("Infinity"))], replace=True, low=True)
    @example(header=[], claims=[("iat", Raw("1e999"))], replace=True, low=True)
    @example(header=[], claims=[("deep", Raw(DEEP))], replace=False, low=True)
    @example(header=[("crit", Raw(DEEP))], claims=[], replace=False, low=True)
    @settings(max_examples=400, deadline=None)
    def test_hostile_contents_are_refused_or_harmless(self, header, claims, replace, low):
        header_text = text_of(changed(HEADER, header, replace=replace))
        claims_text = text_of(changed(CLAIMS, claims, replace=replace))
        token = sign(header_text, claims_text, low=low)
        if refused(token):
            return
        principal = TOKENS.verify(token)
        assert isinstance(principal, Principal)
        assert low
        assert json.loads(header_text) == dict(HEADER)
        read = json.loads(claims_text, object_pairs_hook=list)
        assert len(read) == len(dict(read))
        assert all(type(one) in {str, int} for _, one in read)
        assert principal.expires_at == dict(read)["exp"] > time.time() - 5

    @given(st.binary(max_size=200), st.binary(max_size=200))
    @settings(max_examples=200, deadline=None)
    def test_parts_that_are_no_json_are_refused(self, header, claims):
        assert refused(sign(header, text_of(CLAIMS)))
        assert refused(sign(text_of(HEADER), claims))

    @given(st.text(max_size=300) | st.text("AQgw-_.=", max_size=300))
    @settings(max_examples=300, deadline=None)
    def test_any_text_is_refused(self, text):
        assert refused(text)

    @given(st.data())
    @settings(max_examples=300, deadline=None)
    def test_every_other_spelling_is_refused(self, data):
        at = data.draw(st.integers(0, len(ISSUED)))
        cut = data.draw(st.integers(0, 2))
        spelling = ISSUED[:at] + data.draw(st.text(max_size=2)) + ISSUED[at + cut :]
        assert spelling == ISSUED or refused(spelling)

    @pytest.mark.parametrize("name", [name for name, _ in HEADER + CLAIMS])
    def test_a_key_that_stands_twice_is_refused(self, name):
        header, claims = (
            changed(side, [one for one in side if one[0] == name], replace=False) for side in (HEADER, CLAIMS)
        )
        assert refused(sign(text_of(header), text_of(claims)))

    def test_the_helper_makes_tokens_that_pass(self):
        assert TOKENS.verify(sign(text_of(HEADER), text_of(CLAIMS))) == TOKENS.verify(ISSUED)


class TestSignatures:
    def test_of_ours_are_the_low_twin(self):
        for _ in range(30):
            token = TOKENS.issue(UUID(int=1), UUID(int=2))
            assert jws.is_low(jws.read(token).signature)
            TOKENS.verify(token)

    @pytest.mark.parametrize("size", [0, 1, 63, 65, 128])
    def test_of_another_length_are_refused(self, size):
        signed, _, _ = ISSUED.rpartition(".")
        raw = (jws.read(ISSUED).signature * 2)[:size]
        assert refused(f"{signed}.{encode(raw)}")
