"""The rotation of a browser's refresh token, at the database."""

import asyncio
import base64
import hashlib
import hmac

import pytest

from backplane.errors import Unauthenticated
from backplane.services.identity.browser_sessions import BrowserSessions, successor
from backplane.services.requests.caller import Caller
from backplane.wiring.identity import IdentityServices

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


@pytest.fixture
def browsers(identity):
    return identity.browsers


class TestSuccessor:
    def test_is_an_hmac_of_token_and_salt(self):
        expected = hmac.new(b"token", b"imageshield/v1/refresh-successor" + b"salt", hashlib.sha256).digest()
        assert base64.urlsafe_b64decode(successor("token", b"salt") + "=") == expected

    def test_other_token_or_salt_gives_another_one(self):
        assert len({successor(token, salt) for token in "ab" for salt in (b"c", b"d")}) == 4


class TestRotation:
    async def test_two_processes_give_one_successor(  # noqa: PLR0917 - fixtures
        self, resources, passphrases, mails, browsers, account, caller
    ):
        """Whichever is first: ten families, two refreshes of each at once."""
        other = IdentityServices.wire(resources, passphrases, mails).browsers
        for _ in range(10):
            started = await browsers.start(Caller(account.id), account.id)
            found = await asyncio.gather(*(one.refresh(caller, started.refresh_token) for one in (browsers, other)))
            assert len({one.refresh_token for one in found}) == 1
            assert found[0].refresh_token != started.refresh_token

    async def test_database_alone_gives_no_token(self, browsers, account, caller, sql):
        started = await browsers.start(Caller(account.id), account.id)
        following = await browsers.refresh(caller, started.refresh_token)
        kept = str(await sql("SELECT * FROM refresh_tokens"))
        assert started.refresh_token not in kept
        assert following.refresh_token not in kept
        assert following.refresh_token not in repr(following)
        assert following.access_token not in repr(following)

    async def test_token_lives_from_its_rotation_on(self, identity, account, caller, sql):
        browsers = BrowserSessions(
            identity.browsers._database, identity.browsers._access, identity.sessions, refresh_seconds=100
        )
        started = await browsers.start(Caller(account.id), account.id)
        await sql("UPDATE refresh_tokens SET expires_at = now() + interval '5 s'")
        following = await browsers.refresh(caller, started.refresh_token)
        [row] = await sql(
            "SELECT expires_at - now() > interval '90 s' AS long FROM refresh_tokens WHERE used_at IS NULL"
        )
        assert row["long"]
        assert following.refresh_seconds == 100

    async def test_session_is_active_until_it_ends(self, identity, browsers, account, caller):
        started = await browsers.start(Caller(account.id), account.id)
        session_id = identity.tokens.verify(started.access_token).session_id
        await browsers.refresh(caller, started.refresh_token)
        await identity.sessions.require(session_id)
        await browsers.end(caller, started.refresh_token)
        with pytest.raises(Unauthenticated):
            await identity.sessions.require(session_id)

    async def test_many_late_uses_end_it_without_a_deadlock(self, browsers, account, caller, sql):
        """Old tokens of one family, at once: each deletes the whole family."""
        tokens = [(await browsers.start(Caller(account.id), account.id)).refresh_token]
        for _ in range(5):
            tokens.append((await browsers.refresh(caller, tokens[-1])).refresh_token)
            await sql("UPDATE refresh_tokens SET used_at = used_at - interval '61 s'")
        assert len(set(tokens)) == 6
        uses = [browsers.refresh(caller, token) for token in tokens[:-1] * 4]
        answers = await asyncio.gather(*uses, return_exceptions=True)
        assert {type(answer) for answer in answers} == {Unauthenticated}
        assert await sql("SELECT * FROM refresh_tokens") == []
