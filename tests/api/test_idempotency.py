"""Requests repeated under the same idempotency key: answered again, done once."""

import asyncio
import signal
import uuid

import httpx
import pytest
from sqlalchemy import text

from backplane import ids
from backplane.errors import Unavailable
from tests.api.conftest import PASSWORD, Sealed
from tests.api.processes import environment_of, process
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PICTURE = pictures.as_png(pictures.make(8, 6))
OTHER = pictures.as_png(pictures.make(9, 6))


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
def sql(gateway):
    async def execute(statement, **values):
        async with gateway.services.resources.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    return execute


async def encrypt(user, headers, picture=PICTURE, name="scan.png", **form):
    files = {"image": (name, picture)}
    return await user.http.post("/api/v1/encrypt", files=files, data=form, headers=headers)


async def jobs_of(user):
    return [job["job_id"] for job in (await user.http.get("/api/v1/jobs?limit=100")).json()["data"]]


class TestSameRequest:
    async def test_is_the_same_job_marked_as_replayed(self, ada, key):
        first, second = await encrypt(ada, key), await encrypt(ada, key)
        assert (first.status_code, second.status_code) == (202, 202)
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"
        assert first.json()["job_id"] == second.json()["job_id"]
        assert second.headers["Location"] == first.headers["Location"]
        assert await jobs_of(ada) == [first.json()["job_id"]]

    async def test_answer_has_the_current_state(self, ada, engine, key):
        job_id = (await encrypt(ada, key)).json()["job_id"]
        await engine.complete_encrypt(job_id)
        again = await encrypt(ada, key | {"Prefer": "wait=5"})
        assert (again.status_code, again.json()["status"]) == (200, "completed")

    async def test_default_value_equals_a_missing_field(self, ada, key):
        first = await encrypt(ada, key)
        second = await encrypt(ada, key, quantum_purity="balanced", layout="auto")
        assert second.json()["job_id"] == first.json()["job_id"]

    async def test_under_another_name_the_file_is_the_same(self, ada, key):
        first = await encrypt(ada, key)
        assert (await encrypt(ada, key, name="again.png")).json()["job_id"] == first.json()["job_id"]

    async def test_without_a_key_it_is_another_job(self, ada):
        assert (await encrypt(ada, {})).json()["job_id"] != (await encrypt(ada, {})).json()["job_id"]

    async def test_a_key_is_of_one_account(self, ada, bob, key):
        first, second = await encrypt(ada, key), await encrypt(bob, key)
        assert second.status_code == 202
        assert second.json()["job_id"] != first.json()["job_id"]

    async def test_of_a_measurement_is_the_same_job(self, ada, key):
        pair = {"original": ("a.png", PICTURE), "encrypted": ("b.png", pictures.as_png(pictures.make(8, 6, seed=2)))}
        for path, files in (("analyze", pair), ("analysis/avalanche", {"image": ("a.png", PICTURE)})):
            mine = {"Idempotency-Key": f"{path}-{uuid.uuid4()}", "Prefer": "respond-async"}
            answers = [await ada.http.post(f"/api/v1/{path}", files=files, headers=mine) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [202, 202]
            assert len({answer.json()["job_id"] for answer in answers}) == 1

    async def test_a_day_later_it_is_another_job(self, ada, key, sql):
        first = await encrypt(ada, key)
        later = "UPDATE idempotency_keys SET expires_at = now() WHERE account_id = :account"
        await sql(later, account=ada.account_id)
        second = await encrypt(ada, key)
        assert "Idempotency-Replayed" not in second.headers
        assert second.json()["job_id"] != first.json()["job_id"]

    async def test_of_a_deleted_job_is_410(self, ada, key, sql):
        await encrypt(ada, key)
        await sql("UPDATE jobs SET deleted_at = now() WHERE account_id = :account", account=ada.account_id)
        again = await encrypt(ada, key)
        assert (again.status_code, again.json()["code"]) == (410, "gone")
        assert again.headers["Idempotency-Replayed"] == "true"


class TestDecrypting:
    @pytest.fixture
    def sealed(self):
        return Sealed.make()

    async def decrypt(self, user, sealed, headers):
        return await user.http.post("/api/v1/decrypt", files=sealed.files(), headers=headers)

    async def test_unread_picture_is_the_answer_again(self, ada, engine, key, sealed):
        job_id = (await self.decrypt(ada, sealed, key | {"Prefer": "respond-async"})).json()["job_id"]
        await engine.complete_decrypt(job_id, b"the picture")
        again = await self.decrypt(ada, sealed, key)
        assert (again.status_code, again.content) == (200, b"the picture")
        assert again.headers["Idempotency-Replayed"] == "true"

    async def test_picture_repeats_until_deleted_then_410(self, ada, engine, key, sealed, sql):
        job_id = (await self.decrypt(ada, sealed, key | {"Prefer": "respond-async"})).json()["job_id"]
        await engine.complete_decrypt(job_id)
        for _ in range(2):
            assert (await self.decrypt(ada, sealed, key)).status_code == 200
        await sql("UPDATE blobs SET delete_after = now() WHERE job_id = :job", job=ids.from_wire("job", job_id))
        taken = await self.decrypt(ada, sealed, key)
        assert (taken.status_code, taken.json()["code"]) == (410, "gone")
        job = await self.decrypt(ada, sealed, key | {"Prefer": "respond-async"})
        assert (job.status_code, job.json()["job_id"]) == (202, job_id)

    async def test_of_a_failed_job_is_its_problem(self, ada, engine, key, sealed):
        job_id = (await self.decrypt(ada, sealed, key | {"Prefer": "respond-async"})).json()["job_id"]
        await engine.fail(job_id, code="decryption-failed", title="Wrong key or password, or the file was changed")
        again = await self.decrypt(ada, sealed, key)
        assert (again.status_code, again.json()["code"]) == (400, "decryption-failed")
        assert again.headers["Idempotency-Replayed"] == "true"


class TestAnotherRequest:
    @pytest.mark.parametrize(
        "changed",
        [{"picture": OTHER}, {"quantum_purity": "fast"}, {"analyze": "true"}, {"master_password": PASSWORD}],
        ids=lambda changed: next(iter(changed)),
    )
    async def test_under_the_same_key_is_refused(self, ada, key, changed):
        await encrypt(ada, key)
        refused = await encrypt(ada, key, **changed)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-mismatch")
        assert len(await jobs_of(ada)) == 1

    async def test_at_another_address_is_refused(self, ada, key):
        await encrypt(ada, key)
        refused = await ada.http.post("/api/v1/analysis/avalanche", files={"image": ("a.png", PICTURE)}, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-mismatch")


class TestPasswords:
    async def test_another_one_is_another_request(self, ada, key):
        await encrypt(ada, key, master_password=PASSWORD)
        refused = await encrypt(ada, key, master_password=PASSWORD + "!")
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-mismatch")

    async def test_of_an_ended_job_are_not_compared(self, ada, engine, key, sql):
        job_id = (await encrypt(ada, key, master_password=PASSWORD)).json()["job_id"]
        await engine.fail(job_id)
        again = await encrypt(ada, key, master_password=PASSWORD + "!")
        assert again.json()["job_id"] == job_id
        rows = await sql("SELECT password_mac FROM idempotency_keys WHERE account_id = :id", id=ada.account_id)
        assert rows == [{"password_mac": None}]


class TestConcurrentRequests:
    @pytest.fixture
    def store(self, gateway, monkeypatch):
        """Hold the first object back; later ones pass."""
        store, put = gateway.services.resources.store, gateway.services.resources.store.put
        reached, passes = asyncio.Event(), asyncio.Event()

        async def hold_the_first(*arguments, **named):
            if not reached.is_set():
                reached.set()
                await passes.wait()
            await put(*arguments, **named)

        monkeypatch.setattr(store, "put", hold_the_first)
        return reached, passes

    async def test_second_request_is_409_with_retry_time(self, ada, key, store, background):
        reached, passes = store
        first = background(encrypt(ada, key))
        await reached.wait()
        second = await encrypt(ada, key)
        assert (second.status_code, second.json()["code"]) == (409, "idempotency-in-progress")
        assert int(second.headers["Retry-After"]) >= 1
        passes.set()
        assert (await first).status_code == 202
        assert (await encrypt(ada, key)).json()["job_id"] == (await first).json()["job_id"]

    async def test_request_whose_lease_expired_creates_nothing(self, ada, key, store, background, sql):
        reached, passes = store
        zombie = background(encrypt(ada, key))
        await reached.wait()
        await sql("UPDATE idempotency_keys SET lease_until = now() WHERE account_id = :id", id=ada.account_id)
        successor = await encrypt(ada, key)
        assert successor.status_code == 202
        passes.set()
        assert ((await zombie).status_code, (await zombie).json()["code"]) == (409, "idempotency-in-progress")
        assert await jobs_of(ada) == [successor.json()["job_id"]]

    async def test_of_fifty_at_once_one_is_done(self, wired, key):
        answers = await asyncio.gather(*(encrypt(wired, key) for _ in range(50)))
        codes = {answer.status_code for answer in answers}
        assert codes <= {202, 409}, codes
        made = {answer.json()["job_id"] for answer in answers if answer.status_code == 202}
        assert await jobs_of(wired) == list(made)
        done = [answer for answer in answers if answer.status_code == 202]
        assert len([answer for answer in done if "Idempotency-Replayed" not in answer.headers]) == 1
        assert {a.json()["code"] for a in answers if a.status_code == 409} <= {"idempotency-in-progress"}


class TestRefusals:
    async def test_free_the_key_for_they_did_nothing(self, ada, key):
        refused = await encrypt(ada, key, picture=b"no picture")
        assert refused.status_code == 415
        assert (await encrypt(ada, key)).status_code == 202

    async def test_of_the_service_itself_too(self, gateway, ada, key, monkeypatch):
        async def fail(*_, **__):
            raise Unavailable

        with monkeypatch.context() as broken:
            broken.setattr(gateway.services.resources.store, "put", fail)
            assert (await encrypt(ada, key)).status_code == 503
        again = await encrypt(ada, key)
        assert again.status_code == 202
        assert "Idempotency-Replayed" not in again.headers


class TestKeys:
    @pytest.mark.parametrize("value", [b"", b"x" * 256, b"with space", "schlüssel".encode(), b"tab\there"])
    async def test_of_another_shape_are_refused(self, ada, value):
        response = await encrypt(ada, [(b"Idempotency-Key", value)])
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert response.json()["errors"] == [
            {
                "location": "header",
                "field": "Idempotency-Key",
                "code": "unfit_key",
                "detail": "One key of 1 to 255 visible ASCII characters",
            }
        ]
        assert await jobs_of(ada) == []

    async def test_two_of_them_are_refused(self, ada):
        response = await encrypt(ada, [("Idempotency-Key", "one"), ("Idempotency-Key", "two")])
        assert response.json()["errors"][0]["code"] == "unfit_key"

    @pytest.mark.parametrize("value", ["x", "~" * 255, '"8e03978e-40d5-43e8-bc93-6894a57f9324"'])
    async def test_of_any_visible_characters_are_accepted(self, ada, value):
        assert (await encrypt(ada, {"Idempotency-Key": value})).status_code == 202

    async def test_only_digests_are_stored(self, ada, sql):
        await encrypt(ada, {"Idempotency-Key": "canary-key-Zx9"}, master_password=PASSWORD)
        [row] = await sql("SELECT * FROM idempotency_keys WHERE account_id = :id", id=ada.account_id)
        assert b"canary" not in repr(row).encode()
        assert [len(row[name]) for name in ("id", "fingerprint", "password_mac")] == [32, 32, 32]
        assert row["answer"] is None


class TestKilledGateway:
    @pytest.fixture
    def send(self, ada, key):
        async def send(gateway):
            async with gateway.client(Authorization=f"Bearer {ada.token}") as http:
                return await http.post("/api/v1/encrypt", files={"image": ("scan.png", PICTURE)}, headers=key)

        return send

    @pytest.fixture
    def failpoints(self, gateway_settings, tmp_path):
        """Return the variables of a gateway that is killed once, at a named point."""
        place = tmp_path / "failpoints"
        place.mkdir()

        def arm(name):
            (place / name).write_text("kill")
            return environment_of(gateway_settings(), FAILPOINTS_DIRECTORY=str(place))

        return arm

    async def test_after_commit_the_retry_gets_the_job(self, failpoints, send, ada, tmp_path):
        environment = failpoints("gateway.submitted")
        async with process(environment, tmp_path / "first") as gateway:
            with pytest.raises(httpx.TransportError):
                await send(gateway)
            assert await gateway.end() == -signal.SIGKILL
        [job_id] = await jobs_of(ada)
        async with process(environment, tmp_path / "second") as gateway:
            again = await send(gateway)
        assert (again.status_code, again.json()["job_id"]) == (202, job_id)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert await jobs_of(ada) == [job_id]

    async def test_before_commit_key_is_held_for_lease(self, *, failpoints, send, ada, key, sql, tmp_path):
        async with process(failpoints("gateway.stored"), tmp_path / "first") as dying:
            with pytest.raises(httpx.TransportError):
                await send(dying)
        held = await encrypt(ada, key)
        assert (held.status_code, held.json()["code"]) == (409, "idempotency-in-progress")
        [lease] = await sql(
            "SELECT extract(epoch FROM lease_until - now()) AS seconds FROM idempotency_keys WHERE account_id = :id",
            id=ada.account_id,
        )
        assert 0 < lease["seconds"] <= 60
        await sql("UPDATE idempotency_keys SET lease_until = now() WHERE account_id = :id", id=ada.account_id)
        assert (await encrypt(ada, key)).status_code == 202
        assert len(await jobs_of(ada)) == 1
