"""Webhook endpoints, their deliveries, and the webhook URL of a single request."""

import uuid

import pytest
from sqlalchemy import text

from tests.api.conftest import Sealed

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

URL = "https://93.184.216.34/hooks/canary-5150"
NEW = {"url": URL, "events": ["job.completed", "job.failed"]}
BASE = "/api/v1/webhooks"


async def make(user, **changes):
    response = await user.http.post(BASE, json=NEW | changes)
    assert response.status_code == 201, response.text
    return response.json()


async def deliveries(user, name, **query):
    return (await user.http.get(f"{BASE}/{name}/deliveries", params=query)).raise_for_status().json()


class TestEndpoints:
    async def test_its_secret_is_shown_once(self, ada):
        response = await ada.http.post(BASE, json=NEW | {"description": "the archive"})
        made = response.json()
        assert response.status_code == 201
        assert response.headers["Location"] == f"{BASE}/{made['id']}"
        assert response.headers["Cache-Control"] == "no-store"
        assert made["secret"].startswith("whsec_")
        assert (made["url"], made["events"], made["description"], made["enabled"]) == (
            URL,
            NEW["events"],
            "the archive",
            True,
        )
        for address in (f"{BASE}/{made['id']}", BASE):
            later = await ada.http.get(address)
            assert later.status_code == 200
            assert "whsec_" not in later.text
        assert [one["id"] for one in later.json()["data"]] == [made["id"]]

    async def test_is_changed_and_deleted(self, ada):
        made = await make(ada)
        address = f"{BASE}/{made['id']}"
        changed = (await ada.http.patch(address, json={"enabled": False, "events": ["batch.completed"]})).json()
        assert (changed["enabled"], changed["disabled_reason"], changed["events"]) == (
            False,
            "owner",
            ["batch.completed"],
        )
        assert changed["url"] == URL
        assert (await ada.http.delete(address)).status_code == 204
        assert (await ada.http.get(address)).status_code == 404
        assert (await ada.http.delete(address)).status_code == 404

    @pytest.mark.parametrize(
        "url",
        [
            *("http://93.184.216.34/", "https://127.0.0.1/x", "https://10.0.0.1/", "https://169.254.169.254/latest"),
            *("https://[::1]/", "https://[::ffff:8.8.8.8]/", "https://2130706433/", "https://93.184.216.34:22/"),
            *("https://user:pass@93.184.216.34/", "ftp://93.184.216.34/", "nonsense", "https://localhost/"),
        ],
    )
    async def test_an_address_that_is_not_called_is_refused(self, ada, url):
        made = await make(ada)
        for response in (
            await ada.http.post(BASE, json=NEW | {"url": url}),
            await ada.http.patch(f"{BASE}/{made['id']}", json={"url": url}),
            await ada.http.post(
                "/api/v1/decrypt",
                files=Sealed.make().files(),
                data={"webhook_url": url},
                headers={"Prefer": "respond-async"},
            ),
        ):
            assert (response.status_code, response.json()["code"]) == (422, "webhook-url-refused")
            assert url not in response.text
        assert (await ada.http.get("/api/v1/jobs")).json()["data"] == []

    @pytest.mark.parametrize(
        "change",
        [
            {"events": []},
            {"events": ["job.exploded"]},
            {"events": ["job.failed", "job.failed"]},
            {"url": None},
            {"url": "https://93.184.216.34/" + "x" * 2100},
            {"secret": "whsec_mine"},
            {"description": "x" * 257},
        ],
    )
    async def test_invalid_endpoint_is_refused(self, ada, change):
        response = await ada.http.post(BASE, json=NEW | change)
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "whsec_mine" not in response.text

    async def test_a_change_of_nothing_is_refused(self, ada):
        made = await make(ada)
        assert (await ada.http.patch(f"{BASE}/{made['id']}", json={})).status_code == 422

    async def test_the_same_request_again_makes_no_second(self, ada):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        first, second = [await ada.http.post(BASE, json=NEW, headers=key) for _ in range(2)]
        assert first.json() == second.json()
        assert second.headers["Idempotency-Replayed"] == "true"
        assert len((await ada.http.get(BASE)).json()["data"]) == 1

    async def test_a_new_secret_replaces_the_old_one(self, ada):
        made = await make(ada)
        rotated = await ada.http.post(f"{BASE}/{made['id']}/rotate-secret")
        assert rotated.status_code == 200
        assert rotated.headers["Cache-Control"] == "no-store"
        assert rotated.json()["secret"] not in {made["secret"], None}
        assert rotated.json()["previous_secret_until"] is not None


class TestOtherAccounts:
    async def test_reach_nothing(self, ada, bob):
        made = await make(bob)
        delivery = (await bob.http.post(f"{BASE}/{made['id']}/test")).json()
        place = f"{BASE}/{made['id']}"
        theirs = f"{place}/deliveries/{delivery['id']}"
        for method, address, body in (
            ("GET", place, None),
            ("PATCH", place, {"enabled": False}),
            ("DELETE", place, None),
            ("POST", f"{place}/rotate-secret", None),
            ("POST", f"{place}/test", None),
            ("GET", f"{place}/deliveries", None),
            ("GET", theirs, None),
            ("POST", f"{theirs}/replay", None),
        ):
            response = await ada.http.request(method, address, json=body)
            assert (response.status_code, response.json()["code"]) == (404, "not-found"), (method, address)
        own = await make(ada)
        assert (await ada.http.get(f"{BASE}/{own['id']}/deliveries/{delivery['id']}")).status_code == 404
        assert (await bob.http.get(theirs)).json()["status"] == "pending"

    async def test_job_notifies_its_owner_alone(self, ada, bob, engine):
        mine, theirs = await make(ada), await make(bob)
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        assert [one["subject_id"] for one in (await deliveries(ada, mine["id"]))["data"]] == [job_id]
        assert (await deliveries(bob, theirs["id"]))["data"] == []


class TestDeliveries:
    async def test_message_of_ended_job_equals_the_job(self, ada, engine, gateway):
        made = await make(ada)
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id, receipt={"statement": {}})
        (delivery,) = (await deliveries(ada, made["id"]))["data"]
        assert (delivery["event_type"], delivery["subject_id"], delivery["status"]) == (
            "job.completed",
            job_id,
            "pending",
        )
        job = await ada.job(job_id)
        async with gateway.services.resources.database.transaction() as session:
            event_id = uuid.UUID(delivery["event_id"].removeprefix("evt_"))
            query = text("SELECT data FROM webhook_events WHERE id = :id")
            data = await session.scalar(query, {"id": event_id})
        shared = data.keys() & job.keys()
        assert {"job_id", "status", "result_url", "key_file_url", "receipt_url", "completed_at"} <= shared
        assert {name: data[name] for name in shared} == {name: job[name] for name in shared}
        assert data["job_url"] == f"/api/v1/jobs/{job_id}"

    async def test_a_test_message_is_answered_with_its_delivery(self, ada):
        made = await make(ada)
        response = await ada.http.post(f"{BASE}/{made['id']}/test")
        delivery = response.json()
        assert (response.status_code, delivery["event_type"], delivery["attempts"]) == (202, "webhook.test", [])
        assert (await ada.http.get(response.headers["Location"])).json() == delivery

    async def test_nothing_is_sent_to_a_disabled_endpoint(self, ada):
        made = await make(ada)
        delivery = (await ada.http.post(f"{BASE}/{made['id']}/test")).json()
        await ada.http.patch(f"{BASE}/{made['id']}", json={"enabled": False})
        for address in ("test", f"deliveries/{delivery['id']}/replay"):
            response = await ada.http.post(f"{BASE}/{made['id']}/{address}")
            assert (response.status_code, response.json()["code"]) == (409, "webhook-disabled")

    async def test_a_replay_keeps_the_id_of_the_message(self, ada):
        made = await make(ada)
        delivery = (await ada.http.post(f"{BASE}/{made['id']}/test")).json()
        again = await ada.http.post(f"{BASE}/{made['id']}/deliveries/{delivery['id']}/replay")
        assert (again.status_code, again.json()["event_id"]) == (202, delivery["event_id"])

    async def test_come_in_pages(self, ada):
        made = await make(ada)
        sent = [(await ada.http.post(f"{BASE}/{made['id']}/test")).json()["id"] for _ in range(3)]
        first = await deliveries(ada, made["id"], limit=2)
        rest = await deliveries(ada, made["id"], limit=2, cursor=first["next_cursor"])
        assert [one["id"] for one in first["data"] + rest["data"]] == sent[::-1]
        assert (first["has_more"], rest["has_more"], rest["next_cursor"]) == (True, False, None)
        assert (await deliveries(ada, made["id"], status="failed"))["data"] == []
        assert (await ada.http.get(f"{BASE}/{made['id']}/deliveries?cursor=whk_1")).status_code == 422


class TestUrlOfARequest:
    @pytest.fixture
    def requests(self, ada):
        async def send():
            picture = Sealed.make().picture
            return [
                await ada.encrypt(webhook_url=URL),
                (
                    await ada.http.post(
                        "/api/v1/decrypt",
                        files=Sealed.make().files(),
                        data={"webhook_url": URL},
                        headers={"Prefer": "respond-async"},
                    )
                ).json()["job_id"],
                (
                    await ada.http.post(
                        "/api/v1/analyze",
                        files={"original": ("a.png", picture), "encrypted": ("b.png", picture)},
                        data={"webhook_url": URL},
                        headers={"Prefer": "respond-async"},
                    )
                ).json()["job_id"],
            ]

        return send

    async def test_every_kind_of_job_notifies_it(self, ada, engine, requests):
        """The messages are deliveries of the default endpoint."""
        assert (await ada.http.get(f"{BASE}/default")).status_code == 404
        job_ids = await requests()
        for job_id in job_ids:
            await engine.fail(job_id)
        default = (await ada.http.get(f"{BASE}/default")).json()
        assert default["url"] is None
        received = (await deliveries(ada, "default"))["data"]
        assert [one["subject_id"] for one in received] == job_ids[::-1]
        assert {one["webhook_id"] for one in received} == {default["id"]}

    async def test_is_not_shown_or_stored_as_plaintext(self, ada, engine, gateway):
        job_id = await ada.encrypt(webhook_url=URL)
        await engine.fail(job_id)
        assert "canary-5150" not in (await ada.http.get(f"/api/v1/jobs/{job_id}")).text
        async with gateway.services.resources.database.transaction() as session:
            row = await session.execute(
                text("SELECT webhook_url, jobs::text FROM jobs WHERE id = :id"), {"id": uuid.UUID(job_id[4:])}
            )
            ((sealed, everything),) = row
        assert b"canary-5150" not in sealed
        assert b"canary-5150".hex() not in everything

    async def test_rotation_returns_the_default_secret(self, ada):
        first = (await ada.http.post(f"{BASE}/default/rotate-secret")).json()
        assert first["secret"].startswith("whsec_")
        assert first["url"] is None
        assert (await ada.http.get(BASE)).json()["data"][0]["id"] == first["id"]
        await ada.encrypt(webhook_url=URL)
        assert len((await ada.http.get(BASE)).json()["data"]) == 1

    async def test_default_endpoint_has_no_url(self, ada):
        await ada.http.post(f"{BASE}/default/rotate-secret")
        assert (await ada.http.patch(f"{BASE}/default", json={"url": URL})).status_code == 422
        assert (await ada.http.post(f"{BASE}/default/test")).status_code == 422
        assert (await ada.http.patch(f"{BASE}/default", json={"enabled": False})).json()["enabled"] is False
        assert (await ada.http.delete(f"{BASE}/default")).status_code == 204
