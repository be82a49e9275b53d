"""Search, exports and verification of a chain."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from backplane.services.audit import trail
from backplane.services.audit.published import PublishedCheckpoints
from backplane.services.audit.views import Search
from backplane.services.requests.caller import Actor, Caller
from shield_core.audit.verification import Kind, Outcome, verify
from tests.support.accounts import add_account

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

ADDRESS = "192.0.2.17"


async def rows(sql, account_id):
    return await sql("SELECT * FROM audit_events WHERE account_id = :id ORDER BY seq", id=account_id)


async def exported(audit, ada):
    return [line async for line in await audit.exports.lines(ada)]


def kinds(verdict):
    return {finding.kind for finding in verdict.findings}


class TestSearch:
    @pytest.fixture
    async def trail_of_ada(self, act, ada):
        await act("job.delete")
        await act("job.cancel", outcome=trail.FAILURE)
        await act("key.exported", by=replace(ada, user_id=None, actor=Actor.API_KEY, api_key_id=UUID(int=7)))

    @pytest.mark.parametrize(
        ("search", "expected"),
        [
            (Search(), ["key.exported", "job.cancel", "job.delete", "account.registered"]),
            (Search(actions=("job.",)), ["job.cancel", "job.delete"]),
            (Search(actions=("job_",)), []),
            (Search(actions=("key.", "account.")), ["key.exported", "account.registered"]),
            (Search(outcome="failure"), ["job.cancel"]),
            (Search(actor="api_key"), ["key.exported"]),
            (Search(api_key_id=UUID(int=7)), ["key.exported"]),
            (Search(api_key_id=UUID(int=8)), []),
            (Search(object_id=UUID(int=8)), []),
            (Search(created_after=datetime(2020, 1, 1, tzinfo=UTC), actions=("key",)), ["key.exported"]),
            (Search(created_before=datetime(2020, 1, 1, tzinfo=UTC)), []),
        ],
    )
    async def test_filters(self, audit, ada, trail_of_ada, search, expected):
        found, more = await audit.views.page(ada, search, limit=20)
        assert ([facts.action for facts in found], more) == (expected, False)

    async def test_pages(self, audit, ada, trail_of_ada):
        seen, before, more = [], None, True
        while more:
            found, more = await audit.views.page(ada, Search(), limit=1, before=before)
            seen += [facts.action for facts in found]
            before = found[-1].id
        assert seen == ["key.exported", "job.cancel", "job.delete", "account.registered"]

    async def test_other_account_is_invisible(self, audit, resources, trail_of_ada):
        other = await add_account(resources, "bob@example.org")
        found, _ = await audit.views.page(Caller(other.id), Search(), limit=20)
        assert [facts.action for facts in found] == ["account.registered"]


class TestExport:
    async def test_verifies_alone(self, audit, sealing, act, ada):
        await act(times=3)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        verdict = verify(await exported(audit, ada), audit.keys.trusted())
        assert (verdict.outcome, verdict.rows, verdict.covered, verdict.findings) == (Outcome.VERIFIED, 4, 4, ())

    async def test_among_many_chains(self, *, audit, sealing, act, ada, resources):
        for number in range(9):
            other = await add_account(resources, f"user{number}@example.org")
            await act(by=Caller(other.id))
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        assert verify(await exported(audit, ada), audit.keys.trusted()).outcome is Outcome.VERIFIED

    async def test_newest_checkpoint_covers_a_silent_chain(self, *, audit, sealing, act, ada, resources):
        """Else rows behind its last proof could be withheld."""
        other = await add_account(resources, "bob@example.org")
        for _ in range(3):
            await sealing.sealer.seal_all()
            await sealing.checkpoints.make()
            await act(by=Caller(other.id))
        verdict = verify(await exported(audit, ada), audit.keys.trusted())
        newest = await PublishedCheckpoints(resources.store).newest()
        assert (verdict.checkpoints, verdict.covered_until) == (2, newest.checkpoint.time)

    async def test_of_several_pages(self, audit, sealing, act, ada):
        await act(times=1203)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        verdict = verify(await exported(audit, ada), audit.keys.trusted())
        assert (verdict.outcome, verdict.rows) == (Outcome.VERIFIED, 1204)

    async def test_holds_readable_person_data(self, audit, sealing, act, ada):
        await act()
        await sealing.sealer.seal_all()
        last = json.loads((await exported(audit, ada))[-1])
        assert last["person"] == {"address": ADDRESS}

    async def test_is_itself_recorded(self, audit, sealing, ada, sql):
        await exported(audit, ada)
        assert await sql("SELECT details FROM audit_events WHERE action = 'audit.exported'") == [
            {"details": {"format": "jsonl"}}
        ]

    async def test_table_escapes_formulas_and_controls(self, audit, sealing, act, ada):
        evil = '=cmd|"/c calc"!A1\r\n\x1b[2J'
        await act(person={"device": evil})
        await sealing.sealer.seal_all()
        table = b"".join([line async for line in await audit.exports.table(ada)]).decode()
        assert table.splitlines()[0].startswith("seq,time,id,action,outcome,actor,user")
        assert "'=cmd" in table
        assert "\x1b" not in table
        assert len(table.splitlines()) == 3

    async def test_row_of_another_account_is_found(self, *, audit, sealing, act, ada, resources):
        other = await add_account(resources, "bob@example.org")
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        mine, theirs = [await exported(audit, one) for one in (ada, Caller(other.id))]
        verdict = verify([*mine[:-1], theirs[-1]], audit.keys.trusted())
        assert Kind.FOREIGN in kinds(verdict)


class TestVerification:
    async def chain(self, sealing, act):
        await act(times=6)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()

    async def test_untouched_chain(self, audit, sealing, act, ada):
        await self.chain(sealing, act)
        verdict = await audit.verification.verify(ada)
        assert (verdict.outcome, verdict.rows, verdict.covered) == (Outcome.VERIFIED, 7, 7)

    @pytest.mark.parametrize(
        ("statement", "kind", "seq"),
        [
            ("UPDATE audit_events SET outcome = 'failure' WHERE seq = 4", Kind.EDIT, 4),
            ("UPDATE audit_events SET details = '{\"a\": 1}' WHERE seq = 4", Kind.EDIT, 4),
            ("UPDATE audit_events SET payload = replace(payload, 'job', 'bob') WHERE seq = 4", Kind.EDIT, 4),
            ("UPDATE audit_events SET hash = prev WHERE seq = 4", Kind.EDIT, 4),
            ("UPDATE audit_events SET payload = NULL, hash = NULL WHERE seq = 4", Kind.EDIT, 4),
            ("DELETE FROM audit_events WHERE seq = 4", Kind.DELETE, 4),
            ("DELETE FROM audit_events WHERE seq >= 4", Kind.TRUNCATE, 4),
            ("UPDATE audit_checkpoints SET time = now()", Kind.BAD_SIGNATURE, 7),
            ("UPDATE audit_checkpoints SET root = signature", Kind.BAD_PROOF, 7),
        ],
    )
    async def test_change_by_the_servers_owner_is_found(
        self, statement, kind, seq, *, audit, sealing, act, ada, superuser
    ):
        await self.chain(sealing, act)
        await superuser(statement)
        verdict = await audit.verification.verify(ada)
        assert verdict.outcome is Outcome.CHANGED
        assert (verdict.first.kind, verdict.first.seq) == (kind, seq)

    async def test_row_moved_between_accounts_is_found(self, *, audit, sealing, act, ada, resources, superuser):
        await add_account(resources, "bob@example.org")
        await self.chain(sealing, act)
        await superuser("DELETE FROM audit_events WHERE seq = 1 AND account_id = :id", id=ada.account_id)
        await superuser("UPDATE audit_events SET account_id = :id WHERE seq = 1", id=ada.account_id)
        assert Kind.FOREIGN in kinds(await audit.verification.verify(ada))

    async def test_shortened_chain_with_its_head_is_found(self, audit, sealing, act, ada, superuser):
        """One who also shortens the head contradicts the checkpoint."""
        await self.chain(sealing, act)
        await superuser("DELETE FROM audit_events WHERE seq > 5")
        await superuser("UPDATE audit_chains SET seq = 5")
        verdict = await audit.verification.verify(ada)
        assert verdict.first.kind is Kind.TRUNCATE

    async def test_uploaded_export(self, audit, sealing, act, ada):
        await self.chain(sealing, act)
        lines = await exported(audit, ada)
        assert (await audit.verification.verify_export(ada, b"".join(lines))).outcome is Outcome.VERIFIED
        del lines[4]
        assert (await audit.verification.verify_export(ada, b"".join(lines))).outcome is Outcome.CHANGED

    async def test_other_file_is_refused(self, audit, ada):
        with pytest.raises(Exception, match="not one of an export"):
            await audit.verification.verify_export(ada, b"hello\n")

    async def test_signers_of_others_prove_nothing(self, audit, sealing, act, ada):
        await self.chain(sealing, act)
        verdict = verify(await exported(audit, ada), {})
        assert (verdict.outcome, kinds(verdict)) == (Outcome.UNKNOWN, {Kind.UNKNOWN_SIGNER})
