import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.encrypted import metadata
from shield_core.errors import PayloadInvalid
from shield_core.image.limits import MAX_METADATA
from shield_core.keys import canonical

KEY = bytes(range(32))
DIGEST = "ab" * 32
ABOUT = {
    "version": 1,
    "job_id": "job_x",
    "purity": "balanced",
    "statement_sha256": DIGEST,
    "payload_sha256": DIGEST,
    "original_sha256": DIGEST,
    "source": {"format": "PNG"},
}


def decrypt(data, key=KEY):
    return metadata.decrypt(data, key, purity="balanced", statement_sha256=DIGEST)


class TestEncrypt:
    def test_is_read_back(self):
        assert decrypt(metadata.encrypt(ABOUT, KEY)) == ABOUT

    def test_result_is_gcm_of_canonical_form(self):
        sealed = AESGCM(KEY).encrypt(bytes(12), canonical.dumps(ABOUT), None)
        assert metadata.encrypt(ABOUT, KEY) == sealed

    def test_four_mebibytes_fit_exactly(self):
        room = MAX_METADATA - metadata.TAG_SIZE - len(canonical.dumps({"a": ""}))
        assert len(metadata.encrypt({"a": "x" * room}, KEY)) == MAX_METADATA
        with pytest.raises(metadata.MetadataTooLong):
            metadata.encrypt({"a": "x" * (room + 1)}, KEY)


class TestDecrypt:
    @pytest.mark.parametrize(
        "value",
        [
            ABOUT | {"version": 2},
            ABOUT | {"version": True},
            ABOUT | {"job_id": 1},
            ABOUT | {"purity": "fast"},
            ABOUT | {"statement_sha256": "cd" * 32},
            ABOUT | {"more": 1},
            {key: value for key, value in ABOUT.items() if key != "source"},
            [],
            "text",
        ],
    )
    def test_authentic_but_not_what_a_writer_writes(self, value):
        sealed = AESGCM(KEY).encrypt(bytes(12), canonical.dumps(value), None)
        with pytest.raises(PayloadInvalid):
            decrypt(sealed)

    def test_not_canonical(self):
        with pytest.raises(PayloadInvalid):
            decrypt(AESGCM(KEY).encrypt(bytes(12), canonical.dumps(ABOUT) + b" ", None))

    def test_wrong_key(self):
        with pytest.raises(PayloadInvalid):
            decrypt(metadata.encrypt(ABOUT, KEY), bytes(32))

    def test_shorter_than_a_tag(self):
        with pytest.raises(PayloadInvalid):
            decrypt(b"short")
