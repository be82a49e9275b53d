"""Every vector of a failed decryption through the attempt of a worker: one end and one sequence of stages for all."""

from types import SimpleNamespace

import pytest

from shield_core.errors import DecryptionError
from shield_core.keys.canonical import b64encode
from shield_core.keys.stanzas import VaultOpen
from tests.vectors import reading
from worker.attempt import Attempt
from worker.kinds import decrypt

pytestmark = pytest.mark.anyio

FAILURES = {error.failure for error in DecryptionError.__subclasses__()}
LATER = {"header_version_3", "header_version_255", "mac_maximum_version_2"}
"""Files of a later version of the format, which is public."""

VECTORS = [vector for vector in reading.every() if vector.expect in FAILURES and vector.path.stem not in LATER]


class Claims:
    """A fake database with the uploads of one job: it records what an attempt reports."""

    def __init__(self, vector):
        self.inputs = self
        self.seen = []
        self._vector = vector

    async def fetch(self, _job):
        return self._vector.image, "scan.png"

    async def fetch_material(self, _job):
        return self._vector.material

    async def fetch_header(self, _job):
        return self._vector.header

    async def report(self, _claim, reports):
        self.seen += reports

    async def heartbeat(self, _claim):
        return True

    async def fail(self, _claim, **told):
        self.seen.append(told)


def claim_of(vector):
    return SimpleNamespace(
        job=SimpleNamespace(kind="decrypt"),
        last_attempt=False,
        secret={"key_file_b64": b64encode(vector.key_file)},
        vault_opener=VaultOpen("nobody", lambda _id, _version: None),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.path.parent.name}/{vector.path.stem}")
async def test_looks_like_any_other(vector):
    claims = Claims(vector)
    attempt = Attempt(SimpleNamespace(claims=claims, threads=1), claim_of(vector), limit_seconds=60)
    assert await attempt.run(decrypt.run)
    end = {"code": DecryptionError.code, "title": DecryptionError.title, "detail": DecryptionError.title}
    assert claims.seen == [("validating", 0), ("verifying", 0), end]
