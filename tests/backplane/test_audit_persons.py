"""Person data in the audit trail: encrypted, readable, erased."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from backplane import ids
from backplane.db.session import Database
from backplane.services.audit import trail
from backplane.services.audit.persons import AuditKeys
from backplane.services.audit.views import Search
from backplane.services.requests.caller import Actor
from shield_core.audit.verification import Outcome

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

ADDRESS = "192.0.2.17"


async def rows(sql, account_id):
    return await sql("SELECT * FROM audit_events WHERE account_id = :id ORDER BY seq", id=account_id)


async def exported(audit, ada):
    return [line async for line in await audit.exports.lines(ada)]


def kinds(verdict):
    return {finding.kind for finding in verdict.findings}


class TestPersons:
    async def person(self, audit, ada, action):
        found, _ = await audit.views.page(ada, Search(actions=(action,)), limit=1)
        return found[0].person

    async def test_readable_before_and_after_sealing(self, audit, sealing, act, ada):
        await act("a.b", person={"email": "ada@example.org"})
        expected = {"address": ADDRESS, "email": "ada@example.org"}
        assert await self.person(audit, ada, "a.b") == expected
        await sealing.sealer.seal_all()
        assert await self.person(audit, ada, "a.b") == expected

    async def test_rests_encrypted(self, sealing, act, sql):
        await act("a.b", person={"email": "ada@example.org"})
        for _ in range(2):
            kept = str(await sql("SELECT * FROM audit_events"))
            assert ADDRESS not in kept
            assert "ada@example" not in kept
            await sealing.sealer.seal_all()

    async def test_staged_copy_is_gone_after_sealing(self, sealing, act, sql):
        await act()
        await sealing.sealer.seal_all()
        assert await sql("SELECT 1 FROM audit_events WHERE person IS NOT NULL") == []

    async def test_equal_addresses_have_one_pseudonym(self, sealing, act, ada, sql, account):
        for address in (ADDRESS, ADDRESS, "192.0.2.18"):
            await act("a.b", by=replace(ada, address=address))
        await sealing.sealer.seal_all()
        persons = [json.loads(row["payload"])["person"] for row in await rows(sql, account.id)][1:]
        one, two, three = (person["pseudonyms"]["address_b64"] for person in persons)
        assert one == two != three
        assert len({person["sealed_b64"] for person in persons}) == 3

    async def test_erased_user_is_unreadable_and_the_chain_valid(self, *, audit, sealing, act, ada, sql):
        await act("a.b")
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        await sql("UPDATE users SET audit_key = NULL WHERE id = :id", id=ada.user_id)
        assert await self.person(audit, ada, "a.b") is None
        assert (await audit.verification.verify(ada)).outcome is Outcome.VERIFIED

    async def test_api_key_has_the_accounts_key(self, *, audit, sealing, act, ada, sql, account):
        key = replace(ada, actor=Actor.API_KEY, user_id=None, api_key_id=ids.new())
        await act("a.b", by=key)
        await sealing.sealer.seal_all()
        payload = json.loads((await rows(sql, account.id))[-1]["payload"])
        assert (payload["person"]["key"], payload["api_key"]) == (f"acc_{account.id.hex}", f"apk_{key.api_key_id.hex}")
        assert await self.person(audit, ada, "a.b") == {"address": ADDRESS}

    async def test_nobody_has_the_key_of_the_month(self, *, audit, sealing, act, ada, sql, account, resources):
        await act("a.b", by=replace(ada, user_id=None))
        await sealing.sealer.seal_all()
        month = datetime.now(UTC).strftime("%Y-%m")
        assert json.loads((await rows(sql, account.id))[-1]["payload"])["person"]["key"] == month
        assert await self.person(audit, ada, "a.b") == {"address": ADDRESS}

    async def test_old_months_are_destroyed(self, *, audit, act, ada, resources, monkeypatch):
        for month in ("2020-01", "2020-02"):
            resources.vault.person_key(month, create=True)
        this = resources.vault.person_key(datetime.now(UTC).strftime("%Y-%m"), create=True)
        AuditKeys(resources.vault).destroy_expired(90)
        assert resources.vault.person_key(datetime.now(UTC).strftime("%Y-%m")) == this
        with pytest.raises(Exception, match="destroyed"):
            resources.vault.person_key("2020-02")

    async def test_lost_month_does_not_stop_the_chain(self, *, sealing, act, resources, sql, account, ada):
        await act("a.b", by=replace(ada, user_id=None))
        month = datetime.now(UTC).strftime("%Y-%m")
        path = resources.settings.vault_directory / "audit-persons" / month
        kept = path.rename(path.with_suffix(".kept"))
        await sealing.sealer.seal_all()
        kept.rename(path)
        assert json.loads((await rows(sql, account.id))[-1]["payload"])["person"] is None

    async def test_keys_are_made_once(self, sealing, act, sql, account):
        for _ in range(2):
            await act()
            await sealing.sealer.seal_all()
        assert len({str(row) for row in await sql("SELECT audit_key FROM users WHERE audit_key IS NOT NULL")}) == 1

    async def test_without_a_stage_the_act_is_refused(self, settings, ada):
        database = Database.from_settings(settings)
        try:
            with pytest.raises(KeyError):
                async with database.transaction() as session:
                    trail.record(session, ada, "a.b")
        finally:
            await database.close()
