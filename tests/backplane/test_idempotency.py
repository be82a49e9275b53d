"""Idempotency: reservations of keys, kept answers, and expiry."""

import pytest

from backplane import ids
from backplane.db.repositories import idempotency as rows
from backplane.errors import IdempotencyInProgress, IdempotencyMismatch, Unavailable
from backplane.services.requests.caller import Caller
from backplane.services.requests.idempotency import Asked, Idempotency
from backplane.services.requests.submission import Submission
from backplane.vault import LocalVault

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ASKED = Asked(key="a key", method="POST", path="/things", fields={"color": "red"}, digests=[("file", bytes(32))])


@pytest.fixture
def idempotency(resources):
    return Idempotency(resources.database, resources.vault)


@pytest.fixture
def things(resources, idempotency, account):
    """A use case that makes things, and says which it made."""

    class Things:
        def __init__(self):
            self.made = []

        async def create(self, submission, *, answer=None):
            thing = ids.new()
            async with resources.database.transaction() as session:
                await submission.record(session, "thing", thing, answer=answer)
            self.made.append(thing)
            return thing

        async def tell(self, made):
            return made.object_id

        async def ask(self, asked=ASKED, *, account_id=account.id, create=None, again=None):
            submission = Submission(Caller(account_id, request_id="req_1"))
            return await idempotency.once(submission, asked, create=create or self.create, again=again or self.tell)

    return Things()


class TestOnce:
    async def test_second_request_gets_what_the_first_made(self, things):
        assert await things.ask() == await things.ask()
        assert len(things.made) == 1

    async def test_without_a_key_each_is_done(self, things):
        assert await things.ask(None) != await things.ask(None)

    @pytest.mark.parametrize(
        "other",
        [
            Asked(key="a key", method="PUT", path="/things", fields={"color": "red"}, digests=ASKED.digests),
            Asked(key="a key", method="POST", path="/other", fields={"color": "red"}, digests=ASKED.digests),
            Asked(key="a key", method="POST", path="/things", fields={"color": "blue"}, digests=ASKED.digests),
            Asked(key="a key", method="POST", path="/things", fields={"color": "red"}, digests=[("file", b"x" * 32)]),
            Asked(key="a key", method="POST", path="/things", fields={"color": "red"}, digests=[("mask", bytes(32))]),
            Asked(key="a key", method="POST", path="/things", fields={"color": "red"}),
        ],
        ids=["method", "path", "field", "file", "file's field", "no file"],
    )
    async def test_another_request_is_refused(self, things, other):
        await things.ask()
        with pytest.raises(IdempotencyMismatch):
            await things.ask(other)

    async def test_another_process_of_the_installation_compares_alike(self, resources, settings, things, account):
        made = await things.ask()
        beside = Idempotency(resources.database, LocalVault.from_settings(settings))
        submission = Submission(Caller(account.id))
        assert await beside.once(submission, ASKED, create=things.create, again=things.tell) == made

    async def test_what_fails_frees_the_key(self, things, sql):
        async def fail(_):
            raise Unavailable

        with pytest.raises(Unavailable):
            await things.ask(create=fail)
        assert await sql("SELECT * FROM idempotency_keys") == []
        await things.ask()

    async def test_what_fails_after_it_was_made_does_not(self, things):
        """The answer was lost, and the thing is there."""

        async def make_and_fail(submission):
            await things.create(submission)
            raise Unavailable

        with pytest.raises(Unavailable):
            await things.ask(create=make_and_fail)
        assert [await things.ask()] == things.made


class TestLease:
    async def test_while_it_lasts_nobody_else_creates(self, things):
        async def meet_another(submission):
            with pytest.raises(IdempotencyInProgress):
                await things.ask()
            return await things.create(submission)

        await things.ask(create=meet_another)
        assert len(things.made) == 1

    async def test_expired_lease_stops_late_holder(self, things, sql):
        """A holder that continues after another has taken its key creates nothing."""

        async def be_late(submission):
            await sql("UPDATE idempotency_keys SET lease_until = now()")
            await things.ask()
            return await things.create(submission)

        with pytest.raises(IdempotencyInProgress):
            await things.ask(create=be_late)
        assert [await things.ask()] == things.made

    async def test_expired_lease_without_successor_still_creates(self, things, sql):
        async def be_late(submission):
            await sql("UPDATE idempotency_keys SET lease_until = now()")
            return await things.create(submission)

        assert [await things.ask(create=be_late)] == things.made


class TestAnswers:
    async def test_are_kept_sealed_and_told_again(self, things, sql):
        async def create(submission):
            return await things.create(submission, answer=b"canary secret")

        async def tell(made):
            return made.answer

        await things.ask(create=create)
        [row] = await sql("SELECT answer FROM idempotency_keys")
        assert b"canary" not in row["answer"]
        assert await things.ask(again=tell) == b"canary secret"

    async def test_open_under_their_own_key_only(self, things, sql):
        async def create(submission):
            return await things.create(submission, answer=b"an answer")

        other = Asked(key="another", method="POST", path="/things")
        await things.ask(create=create)
        await things.ask(other)
        await sql("UPDATE idempotency_keys SET answer = (SELECT answer FROM idempotency_keys WHERE answer IS NOT NULL)")
        with pytest.raises(Unavailable):
            await things.ask(other)


class TestPasswords:
    @pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
    async def test_are_forgotten_at_any_end_of_the_job(self, *, resources, begin, things, sql, end, endings):
        claim = await begin()
        asked = Asked(key="k", method="POST", path="/encrypt", password="correct horse battery")

        async def create(submission):
            async with resources.database.transaction() as session:
                await submission.record(session, "job", claim.job.id)

        await things.ask(asked, create=create)
        [row] = await sql("SELECT password_mac FROM idempotency_keys")
        assert len(row["password_mac"]) == 32
        async with resources.database.transaction() as session:
            if end == "complete":
                assert await endings.complete(session, claim.job, columns={})
            elif end == "fail":
                assert await endings.fail(session, claim.job, code="image-corrupt", title="The image is damaged")
            else:
                await sql("UPDATE jobs SET cancel_requested_at = now()")
                assert await endings.cancel(session, claim.job)
        assert await sql("SELECT password_mac FROM idempotency_keys") == [{"password_mac": None}]


class TestExpiry:
    async def test_keys_expire_after_a_day_and_are_swept(self, things, sweeper, sql):
        await things.ask()
        await things.ask(Asked(key="young", method="POST", path="/things"))
        [row] = await sql("SELECT extract(epoch FROM max(expires_at) - now()) AS seconds FROM idempotency_keys")
        assert 23 * 3600 < row["seconds"] <= 24 * 3600
        await sql("UPDATE idempotency_keys SET expires_at = now() WHERE object_id = :id", id=things.made[0])
        await sweeper.forget_expired()
        assert await sql("SELECT object_id FROM idempotency_keys") == [{"object_id": things.made[1]}]


class TestOwners:
    async def test_nobody_finds_the_key_of_another_account(self, resources, things, account, sql):
        await things.ask()
        [row] = await sql("SELECT id FROM idempotency_keys")
        async with resources.database.transaction() as session:
            assert await rows.of_account(session, account.id, row["id"]) is not None
            assert await rows.of_account(session, ids.new(), row["id"]) is None
