"""The sealing of the audit trail, and what refuses to change it."""

import asyncio
import json
import os
import subprocess
import sys

import pytest
from sqlalchemy.exc import DBAPIError

from backplane import ids
from backplane.db.session import Database
from backplane.errors import Unavailable
from backplane.metrics import AUDIT_UNSEALED
from backplane.services.audit import trail
from backplane.services.audit.persons import PersonStage
from backplane.services.requests.caller import Caller
from backplane.wiring.audit import Sealing
from shield_core.audit.verification import Outcome
from tests.support.accounts import add_account
from tests.support.stack import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

ADDRESS = "192.0.2.17"


async def rows(sql, account_id):
    return await sql("SELECT * FROM audit_events WHERE account_id = :id ORDER BY seq", id=account_id)


async def exported(audit, ada):
    return [line async for line in await audit.exports.lines(ada)]


def kinds(verdict):
    return {finding.kind for finding in verdict.findings}


class TestSealing:
    async def test_every_chain_is_gapless(self, sealing, act, resources, sql, account):
        other = await add_account(resources, "bob@example.org")
        for _ in range(3):
            await act(times=2)
            await act(by=Caller(other.id))
            await act(by=Caller.operator())
            await sealing.sealer.seal_all()
        found = await sql(
            "SELECT account_id, array_agg(seq ORDER BY seq) AS seqs FROM audit_events GROUP BY account_id"
        )
        assert {row["account_id"]: row["seqs"] for row in found} == {
            account.id: [1, 2, 3, 4, 5, 6, 7],
            other.id: [1, 2, 3, 4],
            None: [1, 2, 3],
        }

    async def test_each_row_follows_the_one_before(self, sealing, act, sql, account):
        await act(times=5)
        await sealing.sealer.seal_all()
        found = await rows(sql, account.id)
        assert [row["prev"] for row in found[1:]] == [row["hash"] for row in found[:-1]]

    async def test_payload_says_who_did_what(self, sealing, act, sql, account):
        await act(details={"kind": "encrypt"}, outcome=trail.ACCEPTED)
        await sealing.sealer.seal_all()
        row = (await rows(sql, account.id))[-1]
        payload = json.loads(row["payload"])
        salt, person = payload.pop("salt_b64"), payload.pop("person")
        assert payload == {
            "version": 1,
            "id": f"aud_{row['id'].hex}",
            "time": row["created_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "action": "job.delete",
            "outcome": "accepted",
            "actor": "user",
            "user": f"usr_{account.id.hex}",
            "api_key": None,
            "role": "owner",
            "account": f"acc_{account.id.hex}",
            "object": row["object_id"].hex,
            "request": "req_1",
            "details": {"kind": "encrypt"},
        }
        assert len(salt) == 24
        assert (person["key"], set(person["pseudonyms"])) == (f"usr_{account.id.hex}", {"address_b64"})

    async def test_rows_of_the_release_before_are_sealed(self, *, sealing, sql, account, audit, ada):
        """With details that have no canonical form, too: they must not stop the chain."""
        await sql(
            "INSERT INTO audit_events (id, action, outcome, account_id, details) "
            "VALUES (:id, 'image.encrypt', 'success', :account, '{\"Share\": 0.5}')",
            id=ids.new(),
            account=account.id,
        )
        await sealing.sealer.seal_all()
        payload = json.loads((await rows(sql, account.id))[-1]["payload"])
        assert payload["details"] == {"json": '{"Share": 0.5}'}
        assert (await audit.verification.verify(ada)).findings == ()

    async def test_fifty_writers_and_two_relays(self, *, sealing, resources, settings, sql, ada):
        again = Sealing.wire(resources)
        stop = asyncio.Event()

        async def seal(one):
            while not stop.is_set():
                await one.sealer.seal_all()
                await asyncio.sleep(0.01)

        relays = [asyncio.create_task(seal(one)) for one in (sealing, again)]
        many = Database.from_settings(settings, pool_size=50, info=PersonStage.info(resources.vault))

        async def write():
            for _ in range(4):
                async with many.transaction() as session:
                    trail.record(session, ada, "job.delete", ids.new())

        await asyncio.gather(*(write() for _ in range(50)))
        await many.close()
        stop.set()
        await asyncio.gather(*relays)
        await sealing.sealer.seal_all()
        assert [row["seq"] for row in await rows(sql, ada.account_id)] == list(range(1, 202))

    async def test_oldest_waiting_entry_is_measured(self, sealing, act, sql):
        await sealing.sealer.seal_all()
        await sealing.sealer.measure()
        assert AUDIT_UNSEALED._value.get() == 0
        await sql(
            "INSERT INTO audit_events (id, action, outcome, details, created_at) "
            "VALUES (:id, 'a', 'b', '{}', now() - interval '7 seconds')",
            id=ids.new(),
        )
        await sealing.sealer.measure()
        assert 6 < AUDIT_UNSEALED._value.get() < 60


KILLED = """
import asyncio, sys
from backplane.settings import load_settings
from backplane.wiring.audit import Sealing
from backplane.wiring.resources import open_resources

async def main():
    async with open_resources(load_settings()) as resources:
        sealing = Sealing.wire(resources)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()

asyncio.run(main())
"""


class TestKilled:
    @pytest.mark.parametrize(
        "point",
        [
            *("audit.sealing", "audit.rows_sealed", "audit.heads_advanced", "audit.sealed"),
            *("audit.checkpoint_signed", "audit.checkpoint_committed", "audit.checkpoint_stored"),
        ],
    )
    async def test_at_each_step_leaves_a_gapless_chain(
        self, point, *, sealing, act, audit, ada, settings, sql, account, tmp_path
    ):
        await act(times=3)
        (tmp_path / point).write_text("kill")
        values = {name.upper(): getattr(settings, name) for name in type(settings).model_fields}
        secret = {
            name: getattr(value, "get_secret_value", lambda value=value: value)() for name, value in values.items()
        }
        environment = {name: str(value) for name, value in secret.items() if isinstance(value, (str, os.PathLike))}
        environment = os.environ | environment | {"FAILPOINTS_DIRECTORY": str(tmp_path)}
        killed = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", KILLED], cwd=ROOT, env=environment, capture_output=True, check=False
        )
        assert killed.returncode == -9, killed.stderr.decode()
        await act(times=2)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        assert [row["seq"] for row in await rows(sql, account.id)] == [1, 2, 3, 4, 5, 6]
        verdict = await audit.verification.verify(ada)
        assert (verdict.outcome, verdict.covered) == (Outcome.VERIFIED, 6)


class TestGuard:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_events SET outcome = 'success'",
            "UPDATE audit_events SET payload = '{}'",
            "UPDATE audit_events SET seq = NULL",
            "UPDATE audit_events SET seq = seq + 1",
            "DELETE FROM audit_events",
            "TRUNCATE audit_events",
            "DELETE FROM audit_checkpoints",
            "UPDATE audit_checkpoints SET size = 0",
            "DELETE FROM audit_proofs",
            "TRUNCATE audit_proofs",
        ],
    )
    async def test_sealed_rows_cannot_change(self, statement, sealing, act, sql):
        await act()
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        with pytest.raises(Unavailable):
            await sql(statement)

    async def test_unsealed_rows_can_only_be_sealed(self, act, sql):
        await act()
        with pytest.raises(Unavailable):
            await sql("UPDATE audit_events SET outcome = 'failure', seq = 1")
        with pytest.raises(Unavailable):
            await sql("DELETE FROM audit_events")

    async def test_one_number_has_one_row(self, sealing, act, sql, account):
        await sealing.sealer.seal_all()
        with pytest.raises(DBAPIError):
            await sql(
                "INSERT INTO audit_events (id, action, outcome, account_id, details, seq) "
                "VALUES (:id, 'a', 'b', :account, '{}', 1)",
                id=ids.new(),
                account=account.id,
            )
