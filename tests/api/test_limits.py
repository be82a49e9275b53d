"""A free account through the API: every limit of its tier, exact, and refused with the limit, its use and its reset."""

import asyncio
import re
import time
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import text

from api import admission
from backplane import ids
from backplane.db.repositories import usage
from backplane.services.requests.caller import Caller
from backplane.services.usage.tiers import PACKAGED
from tests.api.conftest import Sealed, eventually, opened, serving
from tests.api.listening import events, refusal, socket
from tests.api.wire import Wire
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

KEYS = "/api/v1/auth/keys"
ENCRYPT, BATCH, USAGE, JOBS = "/api/v1/encrypt", "/api/v1/batch/encrypt", "/api/v1/usage", "/api/v1/jobs"
CHANGE = text("UPDATE accounts SET tier = :tier WHERE id = :id")
STORED = text("SELECT sum(size) FROM blobs JOIN jobs ON jobs.id = job_id WHERE account_id = :id")
PICTURE = pictures.as_png(pictures.make(8, 6))
ITEM = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')


@pytest.fixture
def settings_with(gateway_settings, tmp_path):
    """Return settings under which the tier free has these fields, and is otherwise that of the package."""

    def write(settings=None, **fields):
        table = PACKAGED.read_text()
        for name, value in fields.items():
            table, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", table, count=1)
            assert count
        file = tmp_path / "tiers.toml"
        file.write_text(table)
        return gateway_settings(tiers_file=file, **(settings or {}))

    return write


async def free_user(gateway, *, browser=False):
    user = await gateway.user()
    async with gateway.services.resources.database.transaction() as session:
        await session.execute(CHANGE, {"id": user.account_id, "tier": "free"})
    if browser:
        started = await gateway.services.identity.browsers.start(Caller(user.account_id), user.account_id)
        user.http.headers["Authorization"] = f"Bearer {started.access_token}"
    return user


async def send(user, path=ENCRYPT, picture=PICTURE, **form):
    return await user.http.post(path, files={"image": ("scan.png", picture)}, data=form)


async def send_until_decided(user):
    """Send as long as the answer is 503: on a busy machine 200 requests at once exhaust the pool of connections."""
    while (answer := await send(user)).status_code == 503:  # noqa: ASYNC110 - the gateway says when to come back
        await asyncio.sleep(int(answer.headers["Retry-After"]))
    return answer


def refused(response, code, name):
    body = response.json()
    assert (response.status_code, body["code"], body["limit"]["name"]) == (429, code, name), body
    return body["limit"]


async def standing(gateway, user):
    async with gateway.services.resources.database.reading() as session:
        return await usage.standing(session, user.account_id)


class TestEncryptions:
    async def test_parallel_requests_at_the_limit_are_exact(self, settings_with):
        """Two hundred requests at a limit of seven, on real servers: seven pass, and each other one says why not."""
        fields = {"encryptions_per_month": 7, "uploads_at_once": '"unlimited"', "api_calls_per_hour": '"unlimited"'}
        async with opened(settings_with(**fields)) as gateway:
            user = await free_user(gateway)
            answers = await asyncio.gather(*[send_until_decided(user) for _ in range(200)])
            assert sum(one.status_code == 202 for one in answers) == 7
            for answer in answers:
                if answer.status_code != 202:
                    assert refused(answer, "quota-exceeded", "encryptions_per_month")["used"] == 7
            assert len((await user.http.get(JOBS)).json()["data"]) == 7
            assert (await standing(gateway, user)).encryptions == 7

    async def test_two_gateways_are_exact_together(self, settings_with):
        fields = {"encryptions_per_month": 5, "uploads_at_once": '"unlimited"', "api_calls_per_hour": '"unlimited"'}
        settings = settings_with(**fields)
        async with opened(settings) as gateway, opened(settings) as other:
            user = await free_user(gateway)
            http = other.client(Authorization=f"Bearer {user.token}")
            sent = [client.post(ENCRYPT, files={"image": PICTURE}) for client in (user.http, http) for _ in range(30)]
            answers = await asyncio.gather(*sent)
            await http.aclose()
        assert sum(one.status_code == 202 for one in answers) == 5

    async def test_refusal_names_its_reset(self, settings_with):
        async with opened(settings_with(encryptions_per_month=0)) as gateway:
            user = await free_user(gateway)
            answer = await send(user)
            limit = refused(answer, "quota-exceeded", "encryptions_per_month")
            reset = datetime.fromisoformat(limit["reset"])
            assert abs((reset - datetime.now(UTC)).total_seconds() - int(answer.headers["Retry-After"])) <= 1
            assert (limit["tier"], limit["limit"], limit["used"]) == ("free", 0, 0)
            assert (await user.http.get(JOBS)).json()["data"] == []

    async def test_batch_items_over_the_quota_fail_singly(self, settings_with):
        async with opened(settings_with(encryptions_per_month=3)) as gateway:
            user = await free_user(gateway)
            files = [("images", (f"{at}.png", PICTURE)) for at in range(4)] + [("images", ("bad.png", b"no"))]
            batch = (await user.http.post(BATCH, files=[*files, ("images", ("late.png", PICTURE))])).json()
            codes = [item["error"] and item["error"]["code"] for item in batch["items"]]
            assert codes == [None, None, None, "quota-exceeded", "unsupported-format", "quota-exceeded"]
            assert batch["counts"]["pending"] == 3
            assert "3 encryptions a month" in batch["items"][3]["error"]["detail"]
            refused(await user.http.post(BATCH, files=files), "quota-exceeded", "encryptions_per_month")

    async def test_cancelled_job_gives_its_place_back(self, settings_with):
        async with opened(settings_with(encryptions_per_month=1)) as gateway:
            user = await free_user(gateway)
            job = (await send(user)).json()["job_id"]
            refused(await send(user), "quota-exceeded", "encryptions_per_month")
            assert (await user.http.post(f"{JOBS}/{job}/cancel")).status_code == 200
            assert (await send(user)).status_code == 202

    async def test_repeated_request_is_charged_once(self, settings_with):
        async with opened(settings_with(encryptions_per_month=2)) as gateway:
            user = await free_user(gateway)
            for _ in range(3):
                files = {"image": ("scan.png", PICTURE)}
                answer = await user.http.post(ENCRYPT, files=files, headers={"Idempotency-Key": "same-key"})
                assert answer.status_code == 202
            assert (await standing(gateway, user)).encryptions == 1

    async def test_other_kinds_are_not_limited(self, settings_with):
        async with opened(settings_with(encryptions_per_month=0)) as gateway:
            user = await free_user(gateway)
            await user.decrypt()

    async def test_lowered_tier_holds_from_then_on(self, settings_with):
        async with opened(settings_with(encryptions_per_month=1)) as gateway:
            user = await gateway.user()
            assert [(await send(user)).status_code for _ in range(3)] == [202] * 3
            services = gateway.services
            async with services.resources.database.transaction() as session:
                await session.execute(CHANGE, {"id": user.account_id, "tier": "free"})
            services.identity.directory.forget(user.account_id)
            assert refused(await send(user), "quota-exceeded", "encryptions_per_month")["used"] == 3


class TestStoredBytes:
    async def test_parallel_uploads_never_exceed_the_limit(self, settings_with):
        fields = {"stored_bytes": 1_000_000, "encryptions_per_month": 1000, "api_calls_per_hour": 1000}
        async with opened(settings_with(uploads_at_once=1000, **fields)) as gateway:
            user = await free_user(gateway)
            answers = await asyncio.gather(*[send(user) for _ in range(50)])
            found = await standing(gateway, user)
            passed = sum(one.status_code == 202 for one in answers)
            assert 0 < passed < 50
            each = (found.stored + found.reserved) // passed
            assert 1_000_000 - each < found.stored + found.reserved <= 1_000_000
            for answer in answers:
                if answer.status_code != 202:
                    assert refused(answer, "quota-exceeded", "stored_bytes")["reset"] is None
                    assert "Retry-After" not in answer.headers

    async def test_nothing_is_kept_of_a_refused_upload(self, settings_with, monkeypatch):
        async with opened(settings_with(encryptions_per_month=1, api_calls_per_hour=100)) as gateway:
            user = await free_user(gateway)
            store, written = gateway.services.resources.store, []
            put = store.put

            async def note(key, body, **options):
                written.append(key)
                await put(key, body, **options)

            monkeypatch.setattr(store, "put", note)
            answers = await asyncio.gather(*[send(user) for _ in range(4)])
            kept = {one.json()["job_id"] for one in answers if one.status_code == 202}
            assert len(kept) == 1
            for key in written:
                there = ids.to_wire("job", ids.from_wire("job", f"job_{key.split('/')[1]}")) in kept
                assert await exists(store, key) is there

    async def test_deleted_job_makes_room(self, settings_with):
        async with opened(settings_with(stored_bytes=100_000)) as gateway:
            user = await free_user(gateway)
            job = (await send(user)).json()["job_id"]
            refused(await send(user), "quota-exceeded", "stored_bytes")
            await user.http.post(f"{JOBS}/{job}/cancel")
            assert (await user.http.delete(f"{JOBS}/{job}")).status_code == 204
            assert (await send(user)).status_code == 202

    async def test_batch_refuses_what_does_not_fit(self, settings_with):
        async with opened(settings_with(stored_bytes=150_000)) as gateway:
            user = await free_user(gateway)
            noise = pictures.as_png(pictures.make(160, 160))
            files = [("images", (f"{at}.png", data)) for at, data in enumerate([PICTURE, noise, PICTURE])]
            batch = (await user.http.post(BATCH, files=files)).json()
            assert [item["error"] and item["error"]["code"] for item in batch["items"]] == [
                None,
                "quota-exceeded",
                None,
            ]


async def exists(store, key):
    try:
        await store.get(key)
    except Exception:  # noqa: BLE001 - whatever the store says of a missing object
        return False
    return True


class TestTier:
    @pytest.fixture
    async def free(self, settings_with):
        async with opened(settings_with(file_bytes=10_000, api_calls_per_hour=1000)) as gateway:
            yield await free_user(gateway)

    @pytest.mark.parametrize("purity", ["fast", "multistage", "maximum"])
    async def test_purity_of_another_tier_is_403(self, free, purity):
        answer = await send(free, quantum_purity=purity)
        assert (answer.status_code, answer.json()["code"]) == (403, "tier-insufficient")
        assert answer.json()["detail"] == f"The tier Free has the purity balanced, not {purity}"
        batch = await free.http.post(BATCH, files={"images": PICTURE}, data={"quantum_purity": purity})
        assert (batch.status_code, batch.json()["code"]) == (403, "tier-insufficient")

    async def test_larger_file_is_413(self, free):
        large = pictures.as_png(pictures.make(200, 200))
        answer = await send(free, picture=large)
        assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")
        assert answer.json()["detail"] == "The tier Free takes files of at most 10,000 bytes"
        batch = (await free.http.post(BATCH, files=[("images", large), ("images", PICTURE)])).json()
        assert [item["error"] and item["error"]["code"] for item in batch["items"]] == ["file-too-large", None]

    async def test_basic_analytics_analyze_own_encryptions(self, free):
        assert (await send(free, analyze="true")).status_code == 202
        pair = {"original": PICTURE, "encrypted": PICTURE}
        for path, files in (("/api/v1/analyze", pair), ("/api/v1/analysis/avalanche", {"image": PICTURE})):
            answer = await free.http.post(path, files=files)
            assert (answer.status_code, answer.json()["code"]) == (403, "tier-insufficient")

    async def test_encrypted_pictures_of_any_size_come_back(self, free):
        sealed = Sealed.make()
        sealed.picture += b"\0" * 20_000
        answer = await free.http.post("/api/v1/decrypt", files=sealed.files(), headers={"Prefer": "respond-async"})
        assert answer.status_code == 202

    async def test_webhook_endpoints_are_limited(self, free):
        new = {"url": "https://93.184.215.14/in", "events": ["job.completed"]}
        answers = [await free.http.post("/api/v1/webhooks", json=new) for _ in range(3)]
        assert [one.status_code for one in answers] == [201, 201, 409]
        assert answers[2].json()["detail"] == "The tier Free has 2 webhook endpoints, and 2 are used"

    async def test_members_are_limited(self, settings_with):
        async with opened(settings_with(members=2)) as gateway:
            ada = await gateway.user()
            team = (await ada.http.post("/api/v1/accounts", json={"name": "Team"})).json()["account_id"]
            async with gateway.services.resources.database.transaction() as session:
                await session.execute(CHANGE, {"id": ids.from_wire("acc", team), "tier": "free"})
            asked = [{"email": f"{name}@example.org", "role": "member"} for name in ("a", "b", "c")]
            path = f"/api/v1/accounts/{team}/invitations"
            answers = await asyncio.gather(*(ada.http.post(path, json=one) for one in asked))
            assert sorted(one.status_code for one in answers) == [201, 409, 409]
            detail = "The tier Free has 2 members, and 2 are used"
            assert {one.json()["detail"] for one in answers if one.is_error} == {detail}

    async def test_api_keys_are_limited(self, free):
        new = {"name": "nightly", "scopes": ["jobs:read"]}
        answers = await asyncio.gather(*(free.http.post(KEYS, json=new) for _ in range(5)))
        assert sorted(one.status_code for one in answers) == [201, 201, 409, 409, 409]
        [refused, *_] = [one.json() for one in answers if one.status_code == 409]
        assert (refused["code"], refused["detail"]) == (
            "too-many-api-keys",
            "The tier Free has 2 API keys, and 2 are used",
        )


class TestCalls:
    async def test_program_creates_so_many_jobs_an_hour(self, settings_with):
        fields = {"api_calls_per_hour": 3, "encryptions_per_month": 100, "uploads_at_once": '"unlimited"'}
        async with opened(settings_with(**fields)) as gateway:
            user = await free_user(gateway)
            answers = await asyncio.gather(*[send(user) for _ in range(20)])
            assert sum(one.status_code == 202 for one in answers) == 3
            late = next(one for one in answers if one.status_code == 429)
            limit = refused(late, "rate-limited", "api-calls")
            assert (limit["limit"], limit["used"], limit["tier"]) == (3, 3, "free")
            assert 3590 <= int(late.headers["Retry-After"]) <= 3600
            assert '"api-calls";q=3;w=3600' in late.headers["RateLimit-Policy"]
            assert '"api-calls";r=0;t=' in late.headers["RateLimit"]
            # It may still read, and its other refusals are its own.
            assert (await user.http.get(JOBS)).status_code == 200

    async def test_api_key_has_its_own_limit(self, settings_with, monkeypatch):
        async with opened(settings_with()) as gateway:
            user = await gateway.user()
            # A caller of an API key, of a tier without a limit of calls, whose key has one.
            admitted, key_id = admission._admitted, ids.new()

            def with_key(*args):
                return replace(admitted(*args), api_key_id=key_id, rate_per_hour=2)

            monkeypatch.setattr(admission, "_admitted", with_key)
            answers = [await send(user) for _ in range(3)]
            assert [one.status_code for one in answers] == [202, 202, 429]
            refused(answers[2], "rate-limited", "api-key-calls")
            assert '"api-key";q=120000;w=60' in answers[0].headers["RateLimit-Policy"]

    async def test_browser_is_not_counted(self, settings_with):
        async with opened(settings_with(api_calls_per_hour=1)) as gateway:
            user = await free_user(gateway, browser=True)
            assert [(await send(user)).status_code for _ in range(3)] == [202] * 3
            assert (await user.http.get(USAGE)).json()["api_calls"]["used"] == 0


class TestRates:
    async def test_every_answer_has_the_headers(self, ada, client):
        for answer in (
            await ada.http.get(JOBS),
            await ada.http.get(f"{JOBS}/job_{'0' * 32}"),
            await ada.http.get(f"{JOBS}?limit=x"),
            await client.get(JOBS),
            await client.get("/api/v1/nothing"),
            await client.put(JOBS),
            await client.get("/api/v1/tiers"),
            await client.post("/api/v1/auth/token", data={"grant_type": "password"}),
        ):
            found = ITEM.findall(answer.headers["RateLimit"])
            names = [name for name, _, _ in found]
            assert names in (["address", "user", "account"], ["anonymous"]), answer.request.url
            assert all(int(left) > 0 and 0 < int(seconds) <= 60 for _, left, seconds in found)
            assert [f'"{name}"' for name in names] == re.findall(
                r'("[a-z-]+");q=\d+;w=60', answer.headers["RateLimit-Policy"]
            )

    async def test_pages_outside_the_api_have_none(self, client):
        assert "RateLimit" not in (await client.get("/health")).headers

    async def test_user_over_the_rate_is_429(self, settings_with):
        fields = {"user_requests_per_minute": 5}
        async with opened(settings_with(**fields)) as gateway:
            user = await free_user(gateway)
            answers = await asyncio.gather(*[user.http.get(JOBS) for _ in range(30)])
            assert sum(one.status_code == 200 for one in answers) == 5
            late = next(one for one in answers if one.status_code == 429)
            assert refused(late, "rate-limited", "user")["used"] == 5
            assert 1 <= int(late.headers["Retry-After"]) <= 60

    async def test_account_is_limited_over_all_users(self, settings_with):
        async with opened(settings_with(account_requests_per_minute=4)) as gateway:
            user = await free_user(gateway)
            codes = [(await user.http.get(JOBS)).status_code for _ in range(6)]
        assert codes == [200] * 4 + [429] * 2

    async def test_retry_after_is_exact(self, settings_with, monkeypatch):
        """A client that waits for `Retry-After` gets its answer, and a second earlier it does not."""
        async with opened(settings_with(user_requests_per_minute=2)) as gateway:
            user = await free_user(gateway)
            shorten(monkeypatch)
            while (answer := await user.http.get(JOBS)).status_code == 200:
                pass
            began, wait = time.monotonic(), int(answer.headers["Retry-After"])
            while (await user.http.get(JOBS)).status_code != 200:  # noqa: ASYNC110 - the time is what is tested
                await asyncio.sleep(0.05)
            assert wait - 1 <= time.monotonic() - began <= wait + 1

    async def test_address_without_credential_is_limited(self, gateway_settings, stack):
        settings = gateway_settings(anonymous_requests_per_minute=3, redis_url=stack.redis_url())
        async with opened(settings) as gateway, gateway.client() as client:
            answers = [await client.get(path) for path in (JOBS, "/api/v1/tiers", "/api/v1/x", JOBS, "/api/v1/setup")]
            assert [one.status_code for one in answers] == [401, 200, 404, 429, 429]
            assert refused(answers[3], "rate-limited", "anonymous")["limit"] == 3
            assert answers[3].headers["Content-Type"] == "application/problem+json"
            user = await gateway.user()
            assert (await user.http.get(JOBS)).status_code == 200

    async def test_log_ins_are_limited_and_need_redis(self, gateway_settings, stack):
        settings = gateway_settings(log_ins_per_minute=2, redis_url=stack.redis_url())
        form = {"grant_type": "password", "username": "nobody@example.org", "password": "x" * 12}
        async with opened(settings) as gateway, gateway.client() as client:
            codes = [(await client.post("/api/v1/auth/token", data=form)).status_code for _ in range(4)]
        assert codes == [400, 400, 429, 429]

    async def test_without_redis_only_guessing_is_refused(self, gateway_settings):
        form = {"grant_type": "password", "username": "nobody@example.org", "password": "x" * 12}
        async with opened(gateway_settings(redis_url="redis://127.0.0.1:1/0")) as gateway, gateway.client() as client:
            user = await gateway.user()
            assert (await client.post("/api/v1/auth/token", data=form)).status_code == 503
            refresh = {"grant_type": "refresh_token", "refresh_token": user.refresh_token}
            assert (await client.post("/api/v1/auth/token", data=refresh)).status_code == 200
            assert (await user.http.get(JOBS)).status_code == 200
            assert (await send(user)).status_code == 202
            assert (await user.http.get(USAGE)).json()["api_calls"] == {"limit": None, "used": 0, "reset": None}

    async def test_unlocks_of_an_account_are_limited(self, gateway_settings, stack):
        settings = gateway_settings(unlocks_per_minute=1, redis_url=stack.redis_url())
        async with opened(settings) as gateway:
            user = await gateway.user()
            data = {"master_password": "a long passphrase"}
            options = {"headers": {"Prefer": "respond-async"}, "data": data}
            answers = [
                await user.http.post("/api/v1/decrypt", files=Sealed.make().files(), **options) for _ in range(2)
            ]
        assert [one.status_code for one in answers] == [202, 429]
        refused(answers[1], "rate-limited", "unlock")


def shorten(monkeypatch):
    """Have minutes of three seconds."""
    from api import rates
    from backplane.services.usage.rates import Bucket

    def of(name, holder, amount, seconds=3, tier=None):
        return Bucket(name, holder, amount, min(seconds, 3), tier)

    monkeypatch.setattr(rates, "Bucket", of)


class TestAtOnce:
    async def test_uploads_of_an_account_are_limited(self, settings_with):
        settings = settings_with(uploads_at_once=2)
        with serving(settings) as server:
            async with opened(settings) as gateway:
                user = await free_user(gateway)
                other = await gateway.user()
            held = [await begun(server, user) for _ in range(2)]
            async with client_of(server, user) as http:
                answer = await http.post(ENCRYPT, files={"image": PICTURE})
                limit = refused(answer, "too-many-at-once", "uploads_at_once")
                assert (limit["limit"], limit["used"], answer.headers["Retry-After"]) == (2, 2, "1")
                async with client_of(server, other) as others:
                    assert (await others.post(ENCRYPT, files={"image": PICTURE})).status_code == 202
                for upload in held:
                    upload.writer.close()
                    await upload.writer.wait_closed()
                await eventually(lambda: not server.app.state.uploads._open)
                assert (await http.post(ENCRYPT, files={"image": PICTURE})).status_code == 202

    async def test_waiting_for_an_answer_is_no_upload(self, settings_with, engine):
        async with opened(settings_with(uploads_at_once=1)) as gateway:
            user = await free_user(gateway)
            waiting = asyncio.create_task(user.decrypt(prefer="wait=2"))
            await engine.next_job(user)
            assert (await send(user)).status_code == 202
            await waiting

    async def test_sockets_and_streams_are_limited_apart(self, settings_with):
        settings = settings_with(sockets_at_once=1, streams_at_once=1)
        with serving(settings) as server:
            async with opened(settings) as gateway:
                user = await free_user(gateway)
                job = (await send(user)).json()["job_id"]
            async with client_of(server, user) as http:
                user.http = http
                async with socket(server, job, token=user.token) as first, events(user, job):
                    await first.recv()
                    assert await refusal(server, job, token=user.token) == (429, "too-many-at-once")
                    refused(await http.get(f"{JOBS}/{job}/events"), "too-many-at-once", "streams_at_once")
                await eventually(lambda: not open_in(server))
                async with socket(server, job, token=user.token) as first:
                    await first.recv()


class TestUsage:
    async def test_shows_the_month(self, settings_with, engine):
        async with opened(settings_with(encryptions_per_month=5)) as gateway:
            user = await free_user(gateway)
            first, second = [(await send(user)).json()["job_id"] for _ in range(2)]
            await user.decrypt()
            await user.http.post(f"{JOBS}/{second}/cancel")
            found = (await user.http.get(USAGE)).json()
            today = datetime.now(UTC).date().isoformat()
            assert found["tier"] == "free"
            assert found["period"]["starts"] == today
            assert (found["encryptions"]["limit"], found["encryptions"]["used"]) == (5, 1)
            assert found["encryptions"]["reset"] == f"{found['period']['ends']}T00:00:00Z"
            assert found["stored_bytes"]["used"] > len(PICTURE)
            assert (found["api_calls"]["limit"], found["api_calls"]["used"]) == (10, 3)
            assert (found["calls"], found["jobs"]) == (3, {"decrypt": 1, "encrypt": 1})
            assert found["days"][0] == {"day": today, "jobs": {"decrypt": 1, "encrypt": 1}, "calls": 3}
            assert len(found["days"]) in range(28, 32)
            del first

    async def test_shows_what_the_account_has(self, settings_with):
        async with opened(settings_with()) as gateway:
            user = await free_user(gateway)
            new = {"url": "https://93.184.215.14/in", "events": ["job.completed"]}
            assert (await user.http.post("/api/v1/webhooks", json=new)).status_code == 201
            made = [await user.http.post(KEYS, json={"name": "x", "scopes": ["jobs:read"]}) for _ in range(2)]
            await user.http.delete(f"{KEYS}/{made[0].json()['id']}")
            found = (await user.http.get(USAGE)).json()
        names = ("members", "api_keys", "webhook_endpoints")
        assert [(found[name]["used"], found[name]["limit"]) for name in names] == [(1, 1), (1, 2), (1, 2)]

    async def test_other_month_is_chosen_by_a_day(self, ada):
        found = (await ada.http.get(USAGE, params={"period": "2020-02-29"})).json()
        assert found["period"]["starts"] <= "2020-02-29" < found["period"]["ends"]
        assert (found["calls"], found["jobs"]) == (0, {})

    @pytest.mark.parametrize("period", ["x", "2026-13-01", "0001-01-01", "9999-12-31"])
    async def test_impossible_day_is_422(self, ada, period):
        assert (await ada.http.get(USAGE, params={"period": period})).status_code == 422

    async def test_account_without_limits_has_null(self, ada):
        found = (await ada.http.get(USAGE)).json()
        assert (found["encryptions"]["limit"], found["stored_bytes"]["limit"]) == (None, None)
        assert (found["members"]["limit"], found["api_keys"]["limit"]) == (None, 50)


async def begun(server, user):
    """Begin an upload, and send no more of it."""
    upload = await Wire.open(server)
    await upload.begin(ENCRYPT, user.token, length=5000)
    await upload.send(b"--b\r\n")
    await asyncio.sleep(0.2)
    return upload


def client_of(server, user):
    headers = {"Authorization": f"Bearer {user.token}"}
    return httpx.AsyncClient(base_url=server.base_url, headers=headers, timeout=60, trust_env=False)


def open_in(server):
    return sum(sum(one._open.values()) for one in server.app.state.streams._counts.values())
