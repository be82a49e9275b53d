"""The queue of mails: written with the act, claimed by one sender, ended once."""

import asyncio
import dataclasses
import stat
from datetime import UTC, datetime

import pytest

from backplane import ids
from backplane.db.repositories import mails as repository
from backplane.errors import NotFound
from backplane.mail.folder import MailFolder
from backplane.mail.messages import Letter
from backplane.mail.outcomes import Outcome
from backplane.services.mail import preferences
from backplane.services.mail.deliveries import KEPT_DAYS, MAX_ATTEMPTS, MailDeliveries, dead_mails
from backplane.services.mail.kinds import CATEGORIES
from backplane.services.mail.outgoing import Mails, Recipient, ascii_address
from backplane.services.mail.preferences import MailPreferences

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

SENT, DEFERRED, REFUSED = Outcome("sent"), Outcome("deferred", 451), Outcome("refused", 550)
LINK = "https://images.example/password#token=secret-token"
NEAR = {"limit": "Encryptions", "used": "8", "of": "10", "reset": "2026-12-01", "usage": "https://images.example/usage"}


@pytest.fixture
def deliveries(resources):
    return MailDeliveries(resources.database, resources.vault, sender="ImageShield <no-reply@images.example>")


@pytest.fixture
def choices(resources):
    return MailPreferences(resources.database, resources.vault)


@pytest.fixture
def ada(account):
    return Recipient("ada@example.org", account.id)


@pytest.fixture
def send(resources, mails):
    async def write(recipient, kind="password-reset", *, once=None, **values):
        values = values or {"link": LINK}
        async with resources.database.transaction() as session:
            return await mails.send(session, recipient, kind, once=once, **values)

    return write


@pytest.fixture
def rows(sql):
    async def read():
        return await sql("SELECT status, attempts, outcome, status_code, sealed IS NULL AS erased FROM mails")

    return read


class TestSend:
    async def test_claimed_letter_is_the_mail(self, send, ada, deliveries):
        assert await send(ada)
        claimed = await deliveries.claim(busy_users=())
        letter = claimed.letter
        assert letter.recipient == "ada@example.org"
        assert letter.message_id == f"<{letter.id.hex}@images.example>"
        assert LINK in letter.text
        assert LINK in letter.html
        assert letter.unsubscribe_url is None

    async def test_row_shows_neither_link_nor_recipient(self, send, ada, sql):
        await send(ada)
        [row] = await sql("SELECT mails::text AS all, sealed FROM mails")
        for secret in ("secret-token", "ada@example.org", "password"):
            assert secret.encode().hex() not in row["all"].replace("\\x", "")
            assert secret.encode() not in row["sealed"]
        assert "ada@example.org" not in row["all"]

    async def test_rolled_back_act_sends_nothing(self, resources, mails, ada, deliveries):
        async with resources.database.transaction() as session:
            await mails.send(session, ada, "password-reset", link=LINK)
            await session.rollback()
        assert await deliveries.claim(busy_users=()) is None

    async def test_occasion_has_one_mail(self, send, ada, sql):
        assert await send(ada, "limit-near", once="2026-11", **NEAR)
        assert not await send(ada, "limit-near", once="2026-11", **NEAR)
        assert await send(ada, "limit-near", once="2026-12", **NEAR)
        assert len(await sql("SELECT 1 FROM mails")) == 2

    async def test_installation_without_mail_writes_none(self, resources, ada, sql):
        off = Mails(resources.vault, public_url="https://images.example", support=None, enabled=False)
        async with resources.database.transaction() as session:
            assert not await off.send(session, ada, "password-reset", link=LINK)
        assert not await sql("SELECT 1 FROM mails")

    async def test_token_stands_in_the_fragment(self, mails):
        assert mails.page("/password", token="t") == "https://images.example/password#token=t"

    def test_domain_in_other_letters_becomes_ascii(self):
        assert ascii_address("ada@bücher.example") == "ada@xn--bcher-kva.example"


class TestClaim:
    async def test_one_sender_has_it_and_no_other(self, send, ada, deliveries):
        await send(ada)
        claimed = await asyncio.gather(*(deliveries.claim(busy_users=()) for _ in range(4)))
        assert len([one for one in claimed if one is not None]) == 1

    async def test_dead_senders_mail_keeps_its_bytes(self, send, ada, deliveries, sql):
        await send(ada)
        first = await deliveries.claim(busy_users=())
        assert await deliveries.claim(busy_users=()) is None
        await sql("UPDATE mails SET due_at = now()")
        second = await deliveries.claim(busy_users=())
        assert second.letter == first.letter

    async def test_sender_that_wakes_up_changes_nothing(self, send, ada, deliveries, sql, rows):
        await send(ada)
        first = await deliveries.claim(busy_users=())
        await sql("UPDATE mails SET due_at = now()")
        await deliveries.claim(busy_users=())
        await deliveries.finish(first, SENT)
        await deliveries.finish(first, DEFERRED)
        assert [(row["status"], row["attempts"]) for row in await rows()] == [("sending", 2)]

    async def test_awaited_mail_goes_first(self, send, ada, deliveries):
        await send(ada, "limit-near", **NEAR)
        await send(ada)
        assert (await deliveries.claim(busy_users=())).row.kind == "password-reset"

    async def test_busy_user_delays_nobody(self, send, ada, deliveries):
        await send(ada)
        await send(Recipient("bob@example.org"))
        assert (await deliveries.claim(busy_users={ada.user_id})).letter.recipient == "bob@example.org"
        assert await deliveries.claim(busy_users={ada.user_id}) is None

    async def test_mail_that_crashes_senders_is_given_up(self, send, ada, deliveries, sql, rows):
        await send(ada)
        await sql("UPDATE mails SET attempts = :count", count=MAX_ATTEMPTS)
        assert await deliveries.claim(busy_users=()) is None
        assert [(row["status"], row["outcome"]) for row in await rows()] == [("dead", "interrupted")]

    async def test_destroyed_key_does_not_block_others(self, send, ada, deliveries, settings, rows):
        await send(ada)
        for path in (settings.vault_directory / "transit").iterdir():
            path.unlink()
        await send(Recipient("bob@example.org"))
        assert (await deliveries.claim(busy_users=())).letter.recipient == "bob@example.org"
        assert sorted((row["status"], row["outcome"]) for row in await rows()) == [
            ("pending", "gone"),
            ("sending", None),
        ]


class TestFinish:
    async def test_sent_mail_forgets_its_text(self, send, ada, deliveries, rows):
        await send(ada)
        await deliveries.finish(await deliveries.claim(busy_users=()), SENT)
        assert await rows() == [
            {"status": "sent", "attempts": 1, "outcome": "sent", "status_code": None, "erased": True}
        ]

    async def test_refused_mail_is_dead_and_listed(self, resources, send, ada, deliveries, rows):
        await send(ada)
        await deliveries.finish(await deliveries.claim(busy_users=()), REFUSED)
        assert [(row["status"], row["erased"]) for row in await rows()] == [("dead", True)]
        [dead] = await dead_mails(resources.database, limit=10)
        assert (dead.kind, dead.user_id, dead.outcome, dead.status_code) == (
            "password-reset",
            ada.user_id,
            "refused",
            550,
        )

    async def test_deferred_mail_waits_longer_each_time(self, send, ada, deliveries, sql):
        await send(ada, "limit-near", **NEAR)
        waits = []
        for _ in range(9):
            await sql("UPDATE mails SET due_at = now()")
            await deliveries.finish(await deliveries.claim(busy_users=()), DEFERRED)
            [row] = await sql("SELECT extract(epoch FROM due_at - now())::float AS wait FROM mails")
            waits.append(row["wait"])
        expected = [min(30 * 2**number, 3600) for number in range(9)]
        assert all(0.79 * want <= wait <= 1.21 * want for wait, want in zip(waits, expected, strict=True))

    async def test_worthless_mail_is_given_up(self, send, ada, deliveries, sql, rows):
        await send(ada)
        await sql("UPDATE mails SET expires_at = now() + interval '10 seconds'")
        await deliveries.finish(await deliveries.claim(busy_users=()), DEFERRED)
        assert [(row["status"], row["outcome"], row["erased"]) for row in await rows()] == [("dead", "deferred", True)]

    async def test_old_mails_are_forgotten(self, send, ada, deliveries, sql):
        await send(ada)
        await deliveries.finish(await deliveries.claim(busy_users=()), SENT)
        await send(ada)
        await sql("UPDATE mails SET created_at = now() - make_interval(days => :days)", days=KEPT_DAYS + 1)
        await deliveries.forget()
        assert [row["status"] for row in await sql("SELECT status FROM mails")] == ["pending"]


class TestPreferences:
    async def test_unwanted_category_is_not_written(self, send, ada, caller, choices, sql):
        assert await choices.choose(caller, ada.user_id, {"limits": False}) == CATEGORIES | {"limits": False}
        assert not await send(ada, "limit-near", **NEAR)
        assert await send(ada)
        assert [row["kind"] for row in await sql("SELECT kind FROM mails")] == ["password-reset"]

    async def test_link_of_the_mail_ends_its_category(self, send, ada, caller, choices, deliveries):
        await send(ada, "limit-near", **NEAR)
        claimed = await deliveries.claim(busy_users=())
        base, _, token = claimed.letter.unsubscribe_url.partition("?token=")
        assert base == "https://images.example/api/v1/mail/unsubscribe"
        assert choices.read(token) == preferences.Subscription(ada.user_id, "limits")
        assert (await choices.of_user(ada.user_id))["limits"]
        for _ in range(2):
            await choices.unsubscribe(caller, token)
        assert await choices.of_user(ada.user_id) == CATEGORIES | {"limits": False}

    async def test_forged_links_are_unknown(self, resources, choices, ada):
        token = preferences.make_token(resources.vault, ada.user_id, "limits")
        other = preferences.make_token(resources.vault, ids.new(), "limits")
        security = preferences.make_token(resources.vault, ada.user_id, "security")
        for forged in (token[:-2], other[:24] + token[24:], token + "AAAA", "", "é", "A" * 500, security):
            with pytest.raises(NotFound):
                choices.read(forged)

    async def test_security_mail_needs_no_user(self, send):
        assert await send(Recipient("eve@example.org"))
        with pytest.raises(ValueError, match="needs a user"):
            await send(Recipient("eve@example.org"), "limit-near", **NEAR)


class TestMeasures:
    async def test_backlog_is_measured(self, resources, send, ada, sql):
        await send(ada)
        await sql("UPDATE mails SET due_at = now() - interval '1 minute'")
        async with resources.database.reading() as session:
            assert await repository.oldest_due_seconds(session) >= 60


class TestFolder:
    async def test_mail_is_a_private_file(self, tmp_path):
        folder = MailFolder(tmp_path / "mails")
        letter = Letter(
            ids.new(), "<1@x>", "a@b.example", "ada@example.org", "Hi", "Hello", "<p>Hello</p>", datetime.now(UTC)
        )
        for text in ("first", "second"):
            assert (await folder.deliver(dataclasses.replace(letter, text=text))).sent
        [file] = (tmp_path / "mails").iterdir()
        assert file.suffix == ".eml"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert "second" in file.read_text()

    async def test_unwritable_folder_is_transient(self, tmp_path):
        (tmp_path / "file").touch()
        letter = Letter(ids.new(), "<1@x>", "a@b.example", "ada@example.org", "Hi", "x", "x", datetime.now(UTC))
        assert await MailFolder(tmp_path / "file" / "mails").deliver(letter) == Outcome("folder")
