"""Mails that follow from acts: each is written once, in the transaction of its act, to the person whom it concerns."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backplane import ids
from backplane.db.models import Batch, BatchItem, Job
from backplane.db.repositories import accounts, batches, jobs
from backplane.errors.limits import QuotaExceeded
from backplane.kinds import BATCH
from backplane.services.identity.api_key_reminders import ApiKeyReminders
from backplane.services.identity.api_keys import NewApiKey
from backplane.services.identity.federation.external import ExternalIdentity
from backplane.services.identity.federation.identities import Identities
from backplane.services.identity.federation.providers import Provider
from backplane.services.identity.notices import Notices
from backplane.services.mail.deliveries import MailDeliveries
from backplane.services.mail.preferences import MailPreferences
from backplane.services.requests.caller import Actor, Caller
from backplane.services.requests.submission import Submission
from backplane.services.usage.notices import LimitNotices
from backplane.services.usage.quotas import Asked, Quotas
from backplane.services.usage.tiers import PACKAGED, read_tiers

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

DAMAGED = {"code": "image-corrupt", "title": "The image is damaged"}
PROVIDER = Provider(id="example", name="Example", issuer="https://login.example", client_id="x")
AGAIN = "UPDATE api_keys SET created_at = created_at - interval '60 days', expires_at = now() + CAST(:left AS interval)"


@pytest.fixture
def settings(stack, database_url, redis_url, tmp_path):
    return stack.settings(database_url=database_url, redis_url=redis_url, mail_outbox_directory=tmp_path)


@pytest.fixture
def letters(resources):
    """Claim the waiting mails, and return each one's kind and letter."""
    deliveries = MailDeliveries(resources.database, resources.vault, sender="ImageShield <no-reply@images.example>")

    async def read():
        found = []
        while (claimed := await deliveries.claim(busy_users=())) is not None:
            found.append((claimed.row.kind, claimed.letter))
        return found

    return read


@pytest.fixture
async def wants_batches(resources, caller):
    await MailPreferences(resources.database, resources.vault).choose(caller, caller.account_id, {"batches": True})


class TestBatches:
    @pytest.fixture
    def batch_of(self, resources, account, submit):
        async def write(user_id, *, number=2, refused=1):
            batch_id, job_ids = ids.new(), [await submit("encrypt", b"x") for _ in range(number)]
            async with resources.database.transaction() as session:
                await batches.add(session, Batch(id=batch_id, account_id=account.id, submitted_by=user_id))
                for job_id in job_ids:
                    job = await jobs.of_account(session, account.id, job_id)
                    job.batch_id, job.priority = batch_id, BATCH
                items = [BatchItem(batch_id=batch_id, index=i, job_id=job_id) for i, job_id in enumerate(job_ids)]
                items += [BatchItem(batch_id=batch_id, index=number + i, error_code="x") for i in range(refused)]
                await batches.add_items(session, items)
            return batch_id

        return write

    @pytest.mark.usefixtures("wants_batches")
    async def test_submitter_gets_one_at_the_end(self, batch_of, account, claims, letters):
        batch_id = await batch_of(account.id)
        held = [await claims.claim() for _ in range(2)]
        await claims.fail(held[0], **DAMAGED)
        assert await letters() == []
        await asyncio.gather(*(claims.fail(held[1], **DAMAGED) for _ in range(3)), return_exceptions=True)
        [(kind, letter)] = await letters()
        assert (kind, letter.recipient) == ("batch-ended", "ada@example.org")
        assert f"/batches/bat_{batch_id.hex}" in letter.text
        assert "Completed: 0" in letter.text
        assert "Failed: 3" in letter.text
        assert letter.unsubscribe_url is not None

    @pytest.mark.usefixtures("wants_batches")
    async def test_killed_worker_sends_none_and_next_one(
        self, *, batch_of, account, claims, endings, resources, letters, lose_lease
    ):
        """The process dies before the commit of the last end; another attempt ends the job."""
        await batch_of(account.id, number=1)
        claim = await claims.claim()
        with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is undone
            async with resources.database.transaction() as session:
                assert await endings.fail(session, claim.job, **DAMAGED)
                raise RuntimeError
        assert await letters() == []
        await lose_lease(claim)
        await claims.fail(await claims.claim(), **DAMAGED)
        assert [kind for kind, _ in await letters()] == ["batch-ended"]

    async def test_nobody_gets_it_unasked(self, batch_of, account, claims, letters):
        await batch_of(account.id, number=1)
        await claims.fail(await claims.claim(), **DAMAGED)
        assert await letters() == []

    @pytest.mark.usefixtures("wants_batches")
    @pytest.mark.parametrize("case", ["api key", "gone", "suspended"])
    async def test_batch_without_a_reader_has_none(self, *, batch_of, account, claims, letters, sql, case):
        await batch_of(None if case == "api key" else account.id, number=1)
        if case == "gone":
            await sql("DELETE FROM memberships")
        if case == "suspended":
            await sql("UPDATE users SET suspended_at = now()")
        await claims.fail(await claims.claim(), **DAMAGED)
        assert await letters() == []


class TestLimits:
    @pytest.fixture
    def quotas(self, resources, mails):
        return Quotas(resources.database, read_tiers(PACKAGED), LimitNotices(mails))

    @pytest.fixture
    def free(self, account):
        return Caller(account.id, user_id=account.id, tier="free", request_id="req_1")

    @pytest.fixture
    def use(self, resources, quotas, free):
        """Charge so many encryptions in one request, or one that reserves so many bytes."""

        async def charge(number=1, *, size=0):
            asked = [_asked(free.account_id, size) for _ in range(number)]
            async with resources.database.transaction() as session:
                refused = await quotas.charge(session, free, asked)
                for one in asked:
                    await jobs.add(session, one.job)
            return refused

        return charge

    async def test_owner_gets_both_once(self, use, letters):
        """The tier has ten encryptions a month."""
        found = []
        for _ in range(10):
            await use()
            found.append([kind for kind, _ in await letters()])
        assert found == [[]] * 7 + [["limit-near"], [], ["limit-reached"]]
        await use()
        assert await letters() == []

    async def test_one_request_passes_both_marks(self, use, letters):
        assert sum(error is None for error in await use(12)) == 10
        [(kind, letter)] = await letters()
        assert (kind, letter.recipient) == ("limit-reached", "ada@example.org")
        assert "Encryptions a month" in letter.text
        assert "all of 10" in letter.text
        assert "https://images.example/usage" in letter.text

    async def test_refunds_bring_no_second_one(self, use, letters, sql):
        await use(8)
        assert [kind for kind, _ in await letters()] == ["limit-near"]
        await sql(
            "INSERT INTO usage_entries (job_id, run, entry, account_id, kind, quantity, calls, period) "
            "SELECT job_id, run, 'refund', account_id, kind, -1, 0, period FROM usage_entries LIMIT 1"
        )
        await use()
        assert await letters() == []

    async def test_rolled_back_charge_sends_none(self, resources, quotas, free, letters):
        with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is undone
            async with resources.database.transaction() as session:
                await quotas.charge(session, free, [_asked(free.account_id) for _ in range(9)])
                raise RuntimeError
        assert await letters() == []

    async def test_refused_bytes_reach_the_limit(self, quotas, free, use, letters):
        await use(size=900_000_000)
        assert [kind for kind, _ in await letters()] == ["limit-near"]
        for _ in range(3):
            with pytest.raises(QuotaExceeded):
                await quotas.room(free, "encrypt", 200_000_000)
        [(kind, letter)] = await letters()
        assert (kind, "Stored bytes" in letter.text) == ("limit-reached", True)

    async def test_account_without_limits_gets_none(self, quotas, free, resources, letters):
        async with resources.database.transaction() as session:
            asked = [_asked(free.account_id) for _ in range(20)]
            await quotas.charge(session, replace(free, tier="enterprise"), asked)
        assert await letters() == []


class TestApiKeys:
    @pytest.fixture
    def make(self, identity, account):
        caller = Caller(account.id, user_id=account.id, scopes=frozenset({"jobs:read"}))

        async def create(days=90, *, by=caller):
            wanted = NewApiKey("nightly", ["jobs:read"], timedelta(days=days))
            return await identity.api_keys.create(Submission(by), wanted)

        return create

    @pytest.fixture
    def reminders(self, resources, mails):
        return ApiKeyReminders(resources.database, mails)

    async def test_maker_hears_of_a_new_key(self, make, letters):
        made = await make()
        [(kind, letter)] = await letters()
        assert (kind, letter.recipient) == ("api-key-made", "ada@example.org")
        assert "Name: nightly" in letter.text
        assert made.secret not in letter.text + letter.html
        assert made.secret[:13] not in letter.text + letter.html

    async def test_rotation_by_a_program_is_no_news(self, identity, account, make, letters):
        made = await make()
        program = Caller(
            account.id, Actor.API_KEY, scopes=frozenset({"jobs:read"}), api_key_id=made.key.id, program=True
        )
        await letters()
        await identity.api_keys.rotate(Submission(program), made.key.id, grace_hours=1)
        assert await letters() == []

    async def test_reminders_come_twice(self, make, reminders, letters, sql):
        await make()
        await letters()
        found = []
        for hours in (192, 167, 48, 23, 1, -1):
            await sql(AGAIN, left=timedelta(hours=hours))
            await asyncio.gather(*(reminders.remind() for _ in range(3)))  # any number of relays may run
            found.append([(kind, letter.recipient) for kind, letter in await letters()])
        one = [("api-key-expiring", "ada@example.org")]
        assert found == [[], one, [], one, [], []]

    async def test_late_relay_sends_the_nearer_one(self, make, reminders, letters, sql):
        await make()
        await letters()
        await sql(AGAIN, left=timedelta(hours=20))
        await reminders.remind()
        assert len(await letters()) == 1

    async def test_short_lived_key_is_not_announced(self, make, reminders, letters):
        await make(days=1)
        await make(days=7)
        await letters()
        await reminders.remind()
        assert await letters() == []

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE api_keys SET revoked_at = now()",
            "UPDATE api_keys SET replaced_by = id",
            "UPDATE api_keys SET created_by = NULL",
            "UPDATE users SET suspended_at = now()",
            "DELETE FROM memberships",
            "UPDATE accounts SET closed_at = now()",
            "INSERT INTO mail_choices (user_id, category, wanted) SELECT id, 'keys', false FROM users",
        ],
    )
    async def test_nobody_is_reminded_for_nothing(self, make, reminders, letters, sql, change):
        await make()
        await letters()
        await sql(AGAIN, left=timedelta(days=2))
        await sql(change)
        await reminders.remind()
        assert await letters() == []


class TestIdentities:
    async def test_user_hears_of_each_change(self, resources, identity, mails, ada, letters):
        linked = Identities(resources.database, identity.registrations, Notices(mails))
        external = ExternalIdentity(
            PROVIDER.issuer, "4711", "ada@example.org", True, int(datetime.now(UTC).timestamp())
        )
        facts = await linked.link(ada, PROVIDER, external)
        await linked.link(ada, PROVIDER, external)
        await linked.unlink(ada, facts.id, usable_issuers=())
        found = await letters()
        assert [kind for kind, _ in found] == ["identity-linked", "identity-unlinked"]
        assert "Provider: Example" in found[0][1].text
        assert "4711" not in found[0][1].text + found[1][1].text


class TestNames:
    async def test_organization_is_named(self, resources, mails, account, letters, sql):
        await sql("UPDATE accounts SET name = 'Radiology'")
        async with resources.database.transaction() as session:
            assert (await accounts.by_id(session, account.id)).name == "Radiology"
            await Notices(mails).api_key_made(session, account.id, account.id, "nightly")
        assert "Account: Radiology" in (await letters())[0][1].text


def _asked(account_id, size=0):
    job = Job(
        id=ids.new(),
        account_id=account_id,
        kind="encrypt",
        priority=1,
        estimated_ms=1,
        retries=0,
        reserved_bytes=size,
    )
    return Asked(job)
