from types import SimpleNamespace

import pytest

from shield_core.keys.canonical import b64encode
from shield_core.keys.stanzas import PassphraseOpen, PlainOpen
from worker.kinds.decrypt import _openers

KEYS = [bytes([number]) * 32 for number in range(3)]


@pytest.mark.parametrize(
    ("secret", "keys"),
    [
        ({}, []),
        ({"wrap_key_b64": b64encode(KEYS[0])}, KEYS[:1]),
        ({"wrap_key_b64": b64encode(KEYS[0]), "other_wrap_keys_b64": [b64encode(key) for key in KEYS[1:]]}, KEYS),
    ],
    ids=["no password", "one key, of an older gateway too", "several readings of a password"],
)
def test_every_key_is_tried_in_its_order(secret, keys):
    claim = SimpleNamespace(vault_opener="vault")
    assert _openers(claim, secret) == [PlainOpen(), "vault", *map(PassphraseOpen, keys)]
