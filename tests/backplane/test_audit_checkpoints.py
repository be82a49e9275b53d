"""Checkpoints in the database and in the object store."""

import asyncio
import json

import pytest

from backplane.errors import Unavailable
from backplane.metrics import AUDIT_REFUSED
from backplane.services.audit.published import NEWEST, PublishedCheckpoints
from backplane.services.audit.restores import AuditRestores
from backplane.services.audit.signers import CheckpointKeys
from backplane.vault import LocalVault
from backplane.wiring.audit import Sealing
from shield_core.keys import jwk

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

ADDRESS = "192.0.2.17"


class TestCheckpoints:
    async def test_signature_is_published(self, sealing, act, sql, audit):
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        [row] = await sql("SELECT * FROM audit_checkpoints")
        published = json.dumps({"keys": audit.keys.public_keys()}).encode()
        assert row["signer"] in jwk.parse(published, use="audit-checkpoint").keys
        assert jwk.parse(published, use="receipt").keys == {}
        assert jwk.parse(published, use="access-token").keys == {}

    async def test_is_due_after_a_minute_or_a_thousand_rows(self, sealing, act, sql, superuser):
        await act()
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make_due()
        assert await numbers(sql) == [1]
        await act()
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make_due()
        assert await numbers(sql) == [1]
        await superuser("UPDATE audit_checkpoints SET time = time - interval '60 seconds'")
        await sealing.checkpoints.make_due()
        assert await numbers(sql) == [1, 2]
        await act(times=1000)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make_due()
        assert await numbers(sql) == [1, 2, 3]

    async def test_nothing_new_is_not_signed(self, sealing, sql, account):
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        await sealing.checkpoints.make()
        assert await numbers(sql) == [1]

    async def test_store_has_the_newest(self, sealing, resources, act):
        for number in (1, 2):
            await act()
            await sealing.sealer.seal_all()
            await sealing.checkpoints.make()
            assert (await PublishedCheckpoints(resources.store).newest()).number == number

    async def test_interrupted_storing_is_repeated(self, sealing, resources, act):
        await act()
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        await resources.store.delete(NEWEST)
        await Sealing.wire(resources).checkpoints.make_due()
        assert (await PublishedCheckpoints(resources.store).newest()).number == 1

    async def test_two_relays_make_one(self, sealing, resources, act, sql):
        await act()
        await sealing.sealer.seal_all()
        await asyncio.gather(*(Sealing.wire(resources).checkpoints.make() for _ in range(4)))
        assert await numbers(sql) == [1]

    async def test_older_database_is_not_signed(self, *, sealing, resources, act, sql, superuser):
        """Until a restore is noted: in each chain, with the checkpoint that the store has."""
        await act()
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        await superuser("DELETE FROM audit_checkpoints")
        await superuser("DELETE FROM audit_proofs")
        await act()
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        assert (await numbers(sql), AUDIT_REFUSED._value.get()) == ([], 1)
        restores = AuditRestores(resources.database, PublishedCheckpoints(resources.store))
        assert await restores.is_needed()
        assert await restores.note() == 2
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        assert (await numbers(sql), AUDIT_REFUSED._value.get()) == ([2], 0)
        assert not await restores.is_needed()
        noted = await sql("SELECT account_id, details FROM audit_events WHERE action = 'audit.restored'")
        assert {row["details"]["checkpoint"] for row in noted} == {1}
        assert len(noted) == 2

    async def test_other_content_in_the_store_is_refused(self, sealing, resources):
        await resources.store.put(NEWEST, b"{}", media_type="application/json")
        with pytest.raises(Unavailable):
            await sealing.checkpoints.make()
        await resources.store.delete(NEWEST)

    async def test_no_key_before_the_first_account(self, tmp_path):
        """It would be lost where the vault is not mounted yet."""
        keys = CheckpointKeys(LocalVault(root_key=bytes(32), directory=tmp_path / "vault"))
        assert keys.public_keys() == []
        with pytest.raises(Unavailable):
            keys.signer()

    async def test_keys_rotate(self, audit, resources):
        first = audit.keys.signer().public_key.kid
        second = audit.keys.rotate().public_key.kid
        assert set(CheckpointKeys(resources.vault).trusted()) >= {first, second}
        assert audit.keys.signer().public_key.kid == second != first


async def numbers(sql):
    return [row["number"] for row in await sql("SELECT number FROM audit_checkpoints ORDER BY number")]
