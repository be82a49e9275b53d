"""Revocations and the directory: what a gateway knows of rights that ended or changed, with Redis and without."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from pydantic import SecretStr

from backplane import ids
from backplane.bus import RedisBus
from backplane.db.repositories import memberships
from backplane.db.repositories import revocations as rows
from backplane.errors import Unauthenticated
from backplane.services.identity import revocations
from backplane.services.identity.directory import Directory
from backplane.services.identity.principal import Principal
from backplane.services.identity.revocations import Revocations
from tests.support.accounts import add_account

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


class Gateway:
    """What a gateway knows, and the holders that it has heard of."""

    def __init__(self, database, bus):
        self.revocations = Revocations(database, bus)
        self.directory = Directory(database, self.revocations)
        self.heard = []
        self._news = asyncio.Event()

    @asynccontextmanager
    async def running(self):
        with self.directory.watched(), self.revocations.on_revoked(self._hear):
            async with self.revocations.watched():
                yield self

    async def hears_of(self, holder):
        async with asyncio.timeout(10):
            while holder not in self.heard:
                self._news.clear()
                await self._news.wait()

    def _hear(self, holder):
        self.heard.append(holder)
        self._news.set()


@pytest.fixture
async def start(resources):
    async with AsyncExitStack() as stack:

        async def started(redis_url=None):
            settings = resources.settings
            bus = RedisBus.from_settings(settings.model_copy(update={"redis_url": redis_url or settings.redis_url}))
            stack.push_async_callback(bus.close)
            return await stack.enter_async_context(Gateway(resources.database, bus).running())

        yield started


@pytest.fixture
async def gateway(start):
    return await start()


@pytest.fixture
def revoke(resources):
    """Revoke through a gateway, or by a row alone, as a gateway does whose message is lost."""

    async def act(holder, gateway=None):
        async with resources.database.transaction() as session:
            if gateway is None:
                rows.add(session, holder)
            else:
                gateway.revocations.revoke(session, holder)

    return act


def principal(account, session_id=None):
    return Principal(account.id, frozenset(), account.id, session_id or ids.new())


class TestRevocations:
    async def test_its_own_gateway_refuses_at_once(self, gateway, account, revoke):
        ended, other = principal(account), principal(account)
        gateway.revocations.require(ended)
        await revoke(ended.session_id, gateway)
        with pytest.raises(Unauthenticated):
            gateway.revocations.require(ended)
        gateway.revocations.require(other)

    async def test_another_gateway_hears_by_message(self, gateway, start, account, revoke, monkeypatch):
        monkeypatch.setattr(revocations, "LOOK_SECONDS", 3600)
        beside, ended = await start(), principal(account)
        await revoke(ended.session_id, gateway)
        await beside.hears_of(ended.session_id)
        with pytest.raises(Unauthenticated):
            beside.revocations.require(ended)

    async def test_is_found_without_redis(self, start, account, revoke):
        alone, ended = await start(SecretStr("redis://127.0.0.1:1/0")), principal(account)
        await revoke(ended.session_id)
        await alone.hears_of(ended.session_id)
        with pytest.raises(Unauthenticated):
            alone.revocations.require(ended)

    async def test_gateway_that_starts_later_knows_it(self, start, account, revoke):
        ended = principal(account)
        await revoke(ended.session_id)
        late = await start()
        with pytest.raises(Unauthenticated):
            late.revocations.require(ended)

    async def test_callback_comes_once_for_each(self, gateway, start, revoke):
        beside, first, second = await start(), ids.new(), ids.new()
        for _ in range(2):
            await revoke(first, gateway)
        await revoke(second)
        for one in (gateway, beside):
            await one.hears_of(second)
            assert one.heard.count(first) == 2

    async def test_rolled_back_change_revokes_nothing(self, gateway, resources, account):
        kept = principal(account)
        with suppress(RuntimeError):
            async with resources.database.transaction() as session:
                gateway.revocations.revoke(session, kept.session_id)
                await session.flush()
                raise RuntimeError
        gateway.revocations.require(kept)
        assert gateway.heard == []

    async def test_message_of_former_release_is_heard(self, gateway, start, account):
        """It comes from a gateway that writes no rows."""
        beside, ended = await start(), principal(account)
        await beside.revocations._bus.revoke(ended.session_id)
        await gateway.hears_of(ended.session_id)
        with pytest.raises(Unauthenticated):
            gateway.revocations.require(ended)

    async def test_api_key_is_a_holder(self, gateway, account, revoke):
        key = Principal(account.id, frozenset(), api_key_id=ids.new())
        await revoke(key.api_key_id, gateway)
        with pytest.raises(Unauthenticated):
            gateway.revocations.require(key)


class TestDirectory:
    async def test_owner_of_a_personal_account(self, gateway, account):
        standing = await gateway.directory.find(account.id, account.id)
        assert (standing.role, standing.tier, standing.personal, standing.operator) == (
            "owner",
            "enterprise",
            True,
            True,
        )

    async def test_stranger_has_no_standing(self, gateway, resources, account):
        stranger = await add_account(resources, "eve@example.org")
        assert await gateway.directory.find(stranger.id, account.id) is None

    async def test_account_without_a_user(self, gateway, account):
        standing = await gateway.directory.find(None, account.id)
        assert (standing.role, standing.operator, standing.tier) == (None, False, "enterprise")

    async def test_known_standing_needs_no_query(self, gateway, resources, account, sql, monkeypatch):
        first = await gateway.directory.find(account.id, account.id)
        monkeypatch.setattr(memberships, "standing", None)
        assert await gateway.directory.find(account.id, account.id) is first

    async def test_revocation_makes_it_look_again(self, gateway, account, sql, revoke):
        assert (await gateway.directory.find(account.id, account.id)).role == "owner"
        await sql("UPDATE memberships SET role = 'auditor'")
        assert (await gateway.directory.find(account.id, account.id)).role == "owner"
        await revoke(account.id, gateway)
        assert (await gateway.directory.find(account.id, account.id)).role == "auditor"

    async def test_what_was_read_before_a_change_is_not_kept(self, gateway, account, sql, monkeypatch):
        standing = memberships.standing

        async def changed_after_it_is_read(session, *wanted):
            found = await standing(session, *wanted)
            await sql("UPDATE memberships SET role = 'auditor'")
            gateway.directory.forget(account.id)
            return found

        monkeypatch.setattr(memberships, "standing", changed_after_it_is_read)
        assert (await gateway.directory.find(account.id, account.id)).role == "owner"
        monkeypatch.setattr(memberships, "standing", standing)
        assert (await gateway.directory.find(account.id, account.id)).role == "auditor"


class TestUsersOfTheFormerRelease:
    async def test_account_it_registers_has_its_user(self, gateway, resources, sql):
        """A gateway of the release before writes the columns that it knows."""
        account_id = ids.new()
        await sql(
            "INSERT INTO accounts (id, email, password_hash, tier, operator, kek_id, kek_version) "
            "VALUES (:id, 'old@example.org', 'hash', 'enterprise', false, :id, 1)",
            id=account_id,
        )
        [user] = await sql("SELECT id, email, password_hash, operator FROM users WHERE id = :id", id=account_id)
        assert (user["email"], user["password_hash"], user["operator"]) == ("old@example.org", "hash", False)
        assert (await gateway.directory.find(account_id, account_id)).role == "owner"
