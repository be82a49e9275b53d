"""The chain of the system: search, export, and every change of it found."""

import json
from uuid import UUID

import pytest

from backplane.services.audit.views import Search
from backplane.services.requests.caller import NO_ACCOUNT, Actor, Caller
from shield_core.audit.verification import Kind, Outcome, verify
from tests.support.accounts import add_account

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

OPERATOR = Caller.operator()


@pytest.fixture
async def chain(sealing, act, account):
    """Six entries of the system, beside those of an account."""
    for _ in range(6):
        await act("account.tier", by=OPERATOR)
    await sealing.sealer.seal_all()
    await sealing.checkpoints.make()


async def exported(audit, by=OPERATOR):
    return [line async for line in await audit.exports.lines(by)]


def edit(lines):
    row = json.loads(lines[-3])
    lines[-3] = json.dumps(row | {"payload": row["payload"].replace("operator", "stranger")}).encode() + b"\n"


def delete(lines):
    del lines[-3]


def reorder(lines):
    lines[-3], lines[-2] = lines[-2], lines[-3]


def truncate(lines):
    del lines[-2:]


class TestSearch:
    async def test_pages(self, audit, chain):
        seen, before, more = [], None, True
        while more:
            found, more = await audit.views.page(OPERATOR, Search(), limit=4, before=before)
            seen += [facts.seq for facts in found]
            before = found[-1].id
        assert seen == [6, 5, 4, 3, 2, 1]

    async def test_entry_has_its_place(self, audit, chain):
        [newest], _ = await audit.views.page(OPERATOR, Search(), limit=1)
        row = await audit.views.get(OPERATOR, newest.id)
        assert (row.facts.seq, row.signed) == (6, True)
        assert json.loads(row.payload)["account"] is None

    async def test_account_has_none_of_it(self, audit, chain, ada):
        found, _ = await audit.views.page(ada, Search(actions=("account.tier",)), limit=20)
        assert list(found) == []


class TestExport:
    async def test_verifies_alone(self, audit, chain):
        verdict = verify(await exported(audit), audit.keys.trusted())
        assert (verdict.outcome, verdict.chain, verdict.rows, verdict.covered) == (
            Outcome.VERIFIED,
            NO_ACCOUNT,
            6,
            6,
        )
        # Other tests of this vault rotate keys: the present one has signed.
        assert set(verdict.signers) == {audit.keys.signer().public_key.kid}

    @pytest.mark.parametrize(
        ("change", "kind", "seq"),
        [(edit, Kind.EDIT, 4), (delete, Kind.DELETE, 4), (reorder, Kind.REORDER, 4), (truncate, Kind.TRUNCATE, 5)],
    )
    async def test_change_is_found(self, audit, chain, change, kind, seq):
        lines = await exported(audit)
        change(lines)
        verdict = verify(lines, audit.keys.trusted())
        assert verdict.outcome is Outcome.CHANGED
        assert (kind, seq) in {(finding.kind, finding.seq) for finding in verdict.findings}
        assert verdict.first.seq == seq

    async def test_rows_of_an_account_are_found(self, audit, chain, ada):
        lines, others = await exported(audit), await exported(audit, ada)
        verdict = verify([*lines[:-1], others[-1]], audit.keys.trusted())
        assert (verdict.outcome, Kind.FOREIGN in {one.kind for one in verdict.findings}) == (Outcome.CHANGED, True)

    async def test_of_an_account_is_in_both_chains(self, audit, chain, account, sql):
        await exported(audit, Caller(account.id, Actor.OPERATOR))
        found = await sql("SELECT account_id, object_id FROM audit_events WHERE action = 'audit.exported'")
        assert {row["account_id"] for row in found} == {None, account.id}
        assert {row["object_id"] for row in found} == {account.id}

    async def test_table_has_what_a_search_finds(self, audit, chain, act):
        await act("user.unlock", by=OPERATOR)
        lines = [line async for line in await audit.exports.table(OPERATOR, Search(actions=("user.",)))]
        assert len(lines) == 1  # its head: the newest entry waits for its place
        lines = [line async for line in await audit.exports.table(OPERATOR, Search(actions=("account.t",)))]
        assert len(lines) == 7


class TestVerification:
    @pytest.mark.parametrize(
        ("statement", "kind", "seq"),
        [
            ("UPDATE audit_events SET outcome = 'failure' WHERE seq = 4", Kind.EDIT, 4),
            ("UPDATE audit_events SET payload = replace(payload, 'tier', 'name') WHERE seq = 4", Kind.EDIT, 4),
            ("DELETE FROM audit_events WHERE seq = 4", Kind.DELETE, 4),
            ("DELETE FROM audit_events WHERE seq >= 4", Kind.TRUNCATE, 4),
        ],
    )
    async def test_change_by_the_servers_owner_is_found(self, statement, kind, seq, *, audit, chain, superuser):
        await superuser(statement + " AND account_id IS NULL")
        verdict = await audit.verification.verify(OPERATOR)
        assert (verdict.outcome, verdict.first.kind, verdict.first.seq) == (Outcome.CHANGED, kind, seq)

    async def test_row_moved_from_an_account_is_found(self, *, audit, chain, resources, sealing, superuser):
        other = await add_account(resources, "bob@example.org")
        await sealing.sealer.seal_all()
        await superuser("DELETE FROM audit_events WHERE seq = 1 AND account_id IS NULL")
        await superuser("UPDATE audit_events SET account_id = NULL WHERE seq = 1 AND account_id = :id", id=other.id)
        verdict = await audit.verification.verify(OPERATOR)
        assert Kind.FOREIGN in {one.kind for one in verdict.findings}

    async def test_untouched_chain(self, audit, chain):
        verdict = await audit.verification.verify(OPERATOR)
        assert (verdict.outcome, verdict.rows, verdict.chain) == (Outcome.VERIFIED, 6, UUID(int=0))
