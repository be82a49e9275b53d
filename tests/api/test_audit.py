"""The routes of the audit trail."""

import json

import pytest
from sqlalchemy import text

from backplane.services.audit.published import NEWEST
from backplane.wiring.audit import Sealing
from shield_core.audit.chains import SYSTEM as SYSTEM_CHAIN
from shield_core.audit.chains import genesis, row_hash
from shield_core.audit.verification import Outcome, verify
from shield_core.keys import jwk

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

SEARCH, EXPORT, VERIFY = "/api/v1/audit", "/api/v1/audit/export", "/api/v1/audit/verify"
SYSTEM = "/api/v1/admin/audit"


@pytest.fixture
async def seal(gateway):
    resources = gateway.services.resources
    await resources.store.delete(NEWEST)

    async def run():
        sealing = Sealing.wire(resources)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()

    yield run
    await resources.store.delete(NEWEST)


@pytest.fixture
async def trail(ada):
    """A registration, a submission and a cancellation."""
    job_id = await ada.encrypt()
    await ada.http.post(f"/api/v1/jobs/{job_id}/cancel")
    return job_id


async def trusted(ada):
    return jwk.parse((await ada.http.get("/.well-known/jwks.json")).content, use="audit-checkpoint").keys


class TestSearch:
    async def test_newest_first(self, ada, trail):
        found = (await ada.http.get(SEARCH)).raise_for_status().json()
        assert [entry["action"] for entry in found["data"]][-2:] == ["image.encrypt", "account.registered"]
        entry = found["data"][-2]
        assert (entry["outcome"], entry["object_id"], entry["actor"]) == ("accepted", trail[4:], "user")
        assert entry["user_id"] == f"usr_{ada.account_id.hex}"
        assert entry["role"] == "owner"

    async def test_says_who_and_from_where(self, ada, trail):
        [entry] = (await ada.http.get(SEARCH, params={"action": "image.", "outcome": "accepted"})).json()["data"]
        assert set(entry["person"]) == {"address"}

    async def test_pages(self, ada, trail):
        first = (await ada.http.get(SEARCH, params={"limit": 1})).json()
        second = (await ada.http.get(SEARCH, params={"limit": 1, "cursor": first["next_cursor"]})).json()
        assert first["has_more"]
        assert second["data"][0]["id"] < first["data"][0]["id"]

    async def test_filters(self, ada, trail):
        async def count(**params):
            return len((await ada.http.get(SEARCH, params=params)).raise_for_status().json()["data"])

        assert await count(object_id=trail) == await count(object_id=trail[4:]) >= 2
        assert await count(actor=f"usr_{ada.account_id.hex}", action="image.encrypt", outcome="accepted") == 1
        assert await count(action=["image.encrypt", "account."], outcome="accepted") == 1
        assert await count(actor="api_key") == 0
        assert await count(actor="apk_" + "0" * 32) == 0
        assert await count(created_after="2999-01-01T00:00:00Z") == 0

    @pytest.mark.parametrize(
        "params",
        [
            {"action": "job.%"},
            {"action": "a" * 65},
            {"action": ""},
            {"action": ["job."] * 33},
            {"outcome": "good"},
            {"actor": "ada"},
            {"actor": "usr_1"},
            {"object_id": "job_1"},
            {"cursor": "job_" + "0" * 32},
            {"limit": "101"},
            {"created_after": "yesterday"},
            {"other": "1"},
        ],
    )
    async def test_bad_filter_is_refused(self, ada, params):
        answer = await ada.http.get(SEARCH, params=params)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")

    async def test_other_account_sees_nothing(self, gateway, ada, trail):
        bob = await gateway.user()
        found = (await bob.http.get(SEARCH)).json()["data"]
        assert [entry["action"] for entry in found] == ["account.registered"]

    async def test_of_an_account_without_membership_404(self, gateway, ada):
        bob = await gateway.user()
        answer = await bob.http.get(SEARCH, headers={"X-Account": f"acc_{ada.account_id.hex}"})
        assert answer.status_code == 404

    async def test_credential_is_needed(self, gateway):
        for method, path in (("GET", SEARCH), ("GET", EXPORT), ("POST", VERIFY)):
            assert (await gateway.client().request(method, path)).status_code == 401


class TestExport:
    async def test_verifies_offline(self, ada, trail, seal):
        await seal()
        answer = (await ada.http.get(EXPORT)).raise_for_status()
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["content-disposition"].startswith('attachment; filename="audit-')
        verdict = verify(answer.content.splitlines(keepends=True), await trusted(ada))
        assert (verdict.outcome, verdict.findings) == (Outcome.VERIFIED, ())
        assert verdict.rows >= 3

    async def test_as_a_table(self, ada, trail, seal):
        await seal()
        answer = (await ada.http.get(EXPORT, params={"format": "csv"})).raise_for_status()
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert "image.encrypt" in answer.text

    async def test_head_records_nothing(self, ada):
        answer = await ada.http.head(EXPORT)
        assert (answer.status_code, answer.content) == (200, b"")
        found = (await ada.http.get(SEARCH, params={"action": "audit."})).json()["data"]
        assert found == []

    async def test_other_format_is_refused(self, ada):
        assert (await ada.http.get(EXPORT, params={"format": "xml"})).status_code == 422

    async def test_table_is_narrowed_like_a_search(self, ada, trail, seal):
        await seal()
        wanted = {"format": "csv", "action": ["image.", "job."], "outcome": "accepted"}
        lines = (await ada.http.get(EXPORT, params=wanted)).raise_for_status().text.splitlines()
        assert [line.split(",")[3] for line in lines] == ["action", "image.encrypt", "job.cancel"]

    async def test_part_that_cannot_verify_is_refused(self, ada):
        answer = await ada.http.get(EXPORT, params={"action": "job."})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")


class TestEntry:
    async def test_has_its_place_and_what_was_hashed(self, ada, trail, seal):
        await seal()
        [entry] = (await ada.http.get(SEARCH, params={"action": "account.registered"})).json()["data"]
        row = (await ada.http.get(f"{SEARCH}/{entry['id']}")).raise_for_status().json()
        prev, digest = bytes.fromhex(row["prev"]), bytes.fromhex(row["hash"])
        assert (row["seq"], row["signed"], row["action"]) == (1, True, "account.registered")
        assert (prev, digest) == (genesis(ada.account_id), row_hash(1, prev, row["payload"].encode()))

    async def test_waits_for_its_place_at_first(self, ada, trail):
        [entry] = (await ada.http.get(SEARCH, params={"action": "image.", "outcome": "accepted"})).json()["data"]
        row = (await ada.http.get(f"{SEARCH}/{entry['id']}")).json()
        assert (row["seq"], row["hash"], row["payload"], row["signed"]) == (None, None, None, False)

    async def test_of_another_account_404(self, ada, bob, trail):
        [entry] = (await ada.http.get(SEARCH, params={"limit": 1})).json()["data"]
        assert (await bob.http.get(f"{SEARCH}/{entry['id']}")).status_code == 404


class TestSystem:
    @pytest.fixture
    async def operator(self, gateway, bob):
        async with gateway.services.resources.database.transaction() as session:
            await session.execute(text("UPDATE users SET operator = true WHERE id = :id"), {"id": bob.account_id})
        return bob

    async def test_is_for_operators(self, ada):
        for method, path in (("GET", ""), ("GET", "/export"), ("POST", "/verify"), ("GET", f"/aud_{'0' * 32}")):
            answer = await ada.http.request(method, SYSTEM + path)
            assert (answer.status_code, answer.json()["code"]) == (403, "insufficient-scope")

    async def test_act_of_an_operator_is_in_both_chains(self, operator, ada, seal):
        await operator.http.patch(f"/api/v1/admin/accounts/acc_{ada.account_id.hex}", json={"tier": "free"})
        await seal()
        [there] = (await operator.http.get(SYSTEM, params={"action": "account.tier", "limit": 1})).json()["data"]
        [here] = (await ada.http.get(SEARCH, params={"action": "account.tier"})).json()["data"]
        assert there["user_id"] == here["user_id"] == f"usr_{operator.account_id.hex}"
        assert there["object_id"] == here["object_id"] == ada.account_id.hex
        assert (await operator.http.get(f"{SYSTEM}/{there['id']}")).json()["signed"]
        assert (await operator.http.get(f"{SYSTEM}/{here['id']}")).status_code == 404

    async def test_export_verifies_offline_and_is_recorded(self, operator, seal):
        await operator.http.post(f"/api/v1/admin/users/usr_{operator.account_id.hex}/unlock")
        await seal()
        answer = (await operator.http.get(f"{SYSTEM}/export")).raise_for_status()
        assert 'filename="audit-system-' in answer.headers["content-disposition"]
        verdict = verify(answer.content.splitlines(keepends=True), await trusted(operator))
        assert (verdict.outcome, verdict.chain) == (Outcome.VERIFIED, SYSTEM_CHAIN)
        [entry] = (await operator.http.get(SYSTEM, params={"limit": 1})).json()["data"]
        assert (entry["action"], entry["user_id"]) == ("audit.exported", f"usr_{operator.account_id.hex}")

    async def test_verified_as_it_is_stored(self, operator, seal):
        await operator.http.post(f"/api/v1/admin/users/usr_{operator.account_id.hex}/unlock")
        await seal()
        verdict = (await operator.http.post(f"{SYSTEM}/verify")).raise_for_status().json()
        assert (verdict["outcome"], verdict["account_id"], len(verdict["signers"])) == ("verified", None, 1)


class TestVerify:
    async def test_chain_on_the_server(self, ada, trail, seal):
        await seal()
        verdict = (await ada.http.post(VERIFY)).raise_for_status().json()
        assert (verdict["outcome"], verdict["first"], verdict["uncovered"]) == ("verified", None, 0)
        assert verdict["account_id"] == f"acc_{ada.account_id.hex}"

    async def test_uploaded_export(self, ada, trail, seal):
        await seal()
        lines = (await ada.http.get(EXPORT)).content.splitlines(keepends=True)
        headers = {"Content-Type": "application/x-ndjson"}
        verdict = (await ada.http.post(VERIFY, content=b"".join(lines), headers=headers)).json()
        assert verdict["outcome"] == "verified"
        last = json.loads(lines[-1])
        del lines[-1]
        verdict = (await ada.http.post(VERIFY, content=b"".join(lines), headers=headers)).json()
        assert verdict["outcome"] == "changed"
        assert verdict["first"] == {"kind": "truncate", "seq": last["seq"], "last": None}

    @pytest.mark.parametrize(
        ("body", "media_type", "expected"),
        [
            (b"hello", "application/x-ndjson", (422, "audit-export-invalid")),
            (b"{}", "application/json", (415, "unsupported-media-type")),
            (b"\n", "application/x-ndjson", (422, "audit-export-invalid")),
        ],
    )
    async def test_other_body_is_refused(self, ada, body, media_type, expected):
        answer = await ada.http.post(VERIFY, content=body, headers={"Content-Type": media_type})
        assert (answer.status_code, answer.json()["code"]) == expected


class TestKeys:
    async def test_checkpoint_key_has_its_own_use(self, ada, seal, trail):
        keys = (await ada.http.get("/.well-known/jwks.json")).json()["keys"]
        uses = {key["kid"]: key["imageshield_use"] for key in keys}
        assert set(uses.values()) == {"access-token", "receipt", "response-signature", "audit-checkpoint"}
        assert len(uses) == len(keys)
