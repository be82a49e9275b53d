"""The mails of an installation without a mail server, which operators read."""

from email.message import EmailMessage

import pytest
from sqlalchemy import text

from backplane import ids
from tests.api.conftest import PASSWORD, opened

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

OUTBOX, SETUP = "/api/v1/admin/outbox", "/api/v1/setup"
OWN_PAGE = {"Origin": "https://console.example", "X-CSRF": "1"}
LINK = "https://console.example/reset-password#token=secret"


def write(folder, recipient, *, name=None):
    """Write a mail as the relay does, and return its id on the wire."""
    mail_id = ids.new()
    message = EmailMessage()
    message["To"], message["Subject"] = recipient, "Set a new password"
    message.set_content(f"Open the link:\n{LINK}\n")
    message.add_alternative(f'<a href="{LINK}">Open</a>', subtype="html")
    (folder / (name or f"20261130T080000Z-{mail_id.hex}.eml")).write_bytes(bytes(message))
    return ids.to_wire("eml", mail_id)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "mails"
    path.mkdir()
    return path


async def operator_of(gateway):
    user = await gateway.user()
    async with gateway.services.resources.database.transaction() as session:
        await session.execute(text("UPDATE users SET operator = true WHERE id = :id"), {"id": user.account_id})
    return user


@pytest.fixture
async def mailing(gateway_settings, folder):
    async with opened(
        gateway_settings(mail_outbox_directory=folder, allowed_origins="https://console.example")
    ) as gateway:
        yield gateway


@pytest.fixture
async def operator(mailing):
    user = await operator_of(mailing)
    async with user.http:
        yield user


def refusal(response):
    return response.status_code, response.json()["code"]


class TestList:
    async def test_has_the_newest_first_in_pages(self, operator, folder):
        made = [write(folder, f"user{number}@example.org") for number in range(3)]
        first = (await operator.http.get(OUTBOX, params={"limit": 2})).json()
        assert [one["id"] for one in first["data"]] == made[:0:-1]
        assert (first["has_more"], first["next_cursor"]) == (True, made[1])
        last = (await operator.http.get(OUTBOX, params={"cursor": made[1]})).json()
        assert [(one["id"], one["recipient"]) for one in last["data"]] == [(made[0], "user0@example.org")]
        assert "secret" not in str(first)

    async def test_ignores_other_files(self, operator, folder):
        write(folder, "a@example.org", name="notes.eml")
        (folder / f"99999999T999999Z-{ids.new().hex}.eml").write_text("To: a@example.org\n\nno such day")
        (folder / f"20261130T080000Z-{ids.new().hex}.eml").symlink_to("/etc/passwd")
        (folder / f"20261130T080000Z-{ids.new().hex}.eml").mkdir()
        (folder / f".20261130T080000Z-{ids.new().hex}.eml").write_text("half a mail")
        assert (await operator.http.get(OUTBOX)).json()["data"] == []

    async def test_is_empty_without_a_folder(self, operator, folder):
        folder.rmdir()
        assert (await operator.http.get(OUTBOX)).json()["data"] == []


class TestRead:
    async def test_gives_the_plain_text(self, mailing, operator, folder):
        mail_id = write(folder, "ada@example.org")
        answer = await operator.http.get(f"{OUTBOX}/{mail_id}")
        assert answer.headers["Cache-Control"] == "no-store"
        assert (answer.json()["text"], answer.json()["recipient"]) == (f"Open the link:\n{LINK}\n", "ada@example.org")
        query = text("SELECT user_id FROM audit_events WHERE action = 'mail.read' AND account_id IS NULL")
        async with mailing.services.resources.database.transaction() as session:
            assert operator.account_id in (await session.scalars(query)).all()

    async def test_unknown_mail_404(self, operator):
        for unknown in (ids.to_wire("eml", ids.new()), "eml_..%2f..%2fetc%2fpasswd", "job_" + "0" * 32):
            assert refusal(await operator.http.get(f"{OUTBOX}/{unknown}")) == (404, "not-found")

    async def test_browser_has_to_confirm(self, mailing, operator, folder):
        mail_id = write(folder, "ada@example.org")
        log_in = {"email": operator.email, "password": PASSWORD}
        answer = await mailing.client(**OWN_PAGE).post("/api/v1/auth/session", json=log_in)
        async with mailing.services.resources.database.transaction() as session:
            old = text("UPDATE login_sessions SET auth_time = now() - interval '11 minutes' WHERE browser")
            await session.execute(old)
        browser = mailing.client(**OWN_PAGE, Cookie=answer.headers["Set-Cookie"].partition(";")[0])
        renewed = (await browser.post("/api/v1/auth/session/refresh")).json()["access_token"]
        stale = mailing.client(Authorization=f"Bearer {renewed}")
        assert refusal(await stale.get(f"{OUTBOX}/{mail_id}")) == (403, "reauthentication-required")
        assert (await stale.get(OUTBOX)).status_code == 200


class TestWhere:
    async def test_is_for_operators(self, mailing, folder):
        user = await mailing.user()
        for path in (OUTBOX, f"{OUTBOX}/{write(folder, user.email)}"):
            assert refusal(await user.http.get(path)) == (403, "insufficient-scope")
            assert refusal(await mailing.client().get(path)) == (401, "unauthenticated")

    @pytest.mark.parametrize(
        "changes",
        [
            {"environment": "production", "public_url": "https://console.example"},
            {"smtp_url": "smtp://localhost:25?tls=none", "mail_from": "a@example.org"},
            {"mail_outbox_directory": None},
        ],
        ids=["production", "mail-server", "no-mail"],
    )
    async def test_elsewhere_there_is_none(self, gateway_settings, folder, changes):
        settings = gateway_settings(**{"mail_outbox_directory": folder} | changes)
        async with opened(settings) as gateway:
            user = await operator_of(gateway)
            mail_id = write(folder, "ada@example.org")
            for path in (OUTBOX, f"{OUTBOX}/{mail_id}"):
                assert refusal(await user.http.get(path)) == (404, "not-found")
            assert (await gateway.client().get(SETUP)).json()["outbox"] is False

    async def test_setup_says_that_there_is_one(self, mailing):
        assert (await mailing.client().get(SETUP)).json()["outbox"] is True
