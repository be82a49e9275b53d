"""A valid statement, and the parties of a receipt, for the tests of receipts."""

from datetime import UTC, datetime
from uuid import UUID

from shield_core.quantum import statement
from shield_core.quantum.measurement import measure
from shield_core.quantum.receipt import Signer, seal
from shield_core.quantum.sources import DeterministicSource
from shield_core.quantum.statement import Gathered, Purity
from shield_core.quantum.tally import Tally

KEY_ID = UUID("019a8f3e-0000-7000-8000-000000000001")
JOB_ID = "job_019a8f3e000070008000000000000002"
SIGNER = Signer.from_seeds(bytes(range(32)))
BOTH = Signer.from_seeds(bytes(range(32)), bytes(range(32, 64)))
STRANGER = Signer.from_seeds(bytes(32), bytes(32))
IMAGE_SHA256 = "ab" * 32
TAG = bytes(range(32))


def keys_of(*signers):
    return {key.kid: key for signer in signers for key in signer.public_keys}


def make_statement(**changes):
    source, tally = DeterministicSource(), Tally()
    tally.add(measure(source, 4096))
    made = statement.build(
        key_id=KEY_ID,
        job_id=JOB_ID,
        purity=Purity("balanced", "balanced"),
        degraded=False,
        source=source,
        gathered=Gathered(seed=tally, segments=Tally()),
        pool=None,
        seed_bytes=32,
        started_at=datetime.now(UTC),
    )
    return made | changes


def make_receipt(signer=SIGNER, statement=None):
    return seal(statement or make_statement(), image_sha256=IMAGE_SHA256, tag=TAG, signer=signer)
