"""A request that is sent again under its key is answered again, and done once."""

import asyncio
import os
import uuid

import pytest

from backplane import ids
from tests import pictures
from tests.api.conftest import PASSWORD, Sealed

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PICTURE = pictures.as_png(pictures.make(8, 6))
OTHER = pictures.as_png(pictures.make(9, 6))


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
def sql(gateway):
    from sqlalchemy import text

    async def execute(statement, **values):
        async with gateway.services.plant.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    return execute


async def encrypt(user, headers, picture=PICTURE, name="scan.png", **form):
    files = {"image": (name, picture)}
    return await user.http.post("/api/v1/encrypt", files=files, data=form, headers=headers)


async def jobs_of(user):
    return [job["job_id"] for job in (await user.http.get("/api/v1/jobs?limit=100")).json()["data"]]


class TestTheSameAgain:
    async def test_is_the_same_job_and_says_so(self, ada, key):
        first, second = await encrypt(ada, key), await encrypt(ada, key)
        assert (first.status_code, second.status_code) == (202, 202)
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"
        assert first.json()["job_id"] == second.json()["job_id"]
        assert second.headers["Location"] == first.headers["Location"]
        assert await jobs_of(ada) == [first.json()["job_id"]]

    async def test_tells_the_job_as_it_stands_now(self, ada, engine, key):
        job_id = (await encrypt(ada, key)).json()["job_id"]
        await engine.complete_encrypt(job_id)
        again = await encrypt(ada, key | {"Prefer": "wait=5"})
        assert (again.status_code, again.json()["status"]) == (200, "completed")

    async def test_a_field_with_its_default_is_the_same_as_none(self, ada, key):
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
