"""Notes on jobs and batches: stored encrypted, visible to the owner alone, found by their exact value."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text

from api.schemas.notes import MAX_PAIRS, Noted, NoteFilter
from backplane import ids
from backplane.vault_files import write_once
from shield_core.keys.schedule import LABELS
from tests.api.conftest import Sealed
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PICTURE = pictures.as_png(pictures.make(8, 6))
NAME = "Mrs. Example, left knee.png"
NOTE = {"reference": "case-2026-017", "metadata": json.dumps({"patient": "4711", "ward": "3b"})}
METADATA = {"patient": "4711", "ward": "3b"}
ENCRYPT = ("encrypt", {"image": (NAME, PICTURE)})
ROUTES = {
    "encrypt": ENCRYPT,
    "decrypt": ("decrypt", {"encrypted_image": (NAME, Sealed.make().picture), "key_file": ("k", b"")}),
    "analyze": ("analyze", {"original": (NAME, PICTURE), "encrypted": ("noise.png", PICTURE)}),
    "avalanche": ("analysis/avalanche", {"image": (NAME, PICTURE)}),
    "batch": ("batch/encrypt", {"images": (NAME, PICTURE)}),
}
HOSTILE = [
    "' OR 1=1; --",
    "%00%0a",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "\N{ZERO WIDTH SPACE}",
    "e\N{COMBINING ACUTE ACCENT}",
    "\N{LATIN SMALL LETTER E WITH ACUTE}",
    '{"a": {"b": [1]}}',
    "<script>alert(1)</script>",
    "\N{PILE OF POO}" * 50,
    " outer spaces ",
    "$(reboot) `id`",
    "a:b:c",
    "\u2028\ufeff",
]
UNFIT = [
    ("reference", ""),
    ("reference", "canary" * 34),
    ("reference", "\N{EURO SIGN}" * 67),
    ("reference", "canary\n"),
    ("reference", "canary\x00"),
    ("reference", "canary\x85"),
    ("metadata", ""),
    ("metadata", "canary"),
    ("metadata", '["canary"]'),
    ("metadata", "null"),
    ("metadata", '{"canary": 1}'),
    ("metadata", '{"canary": null}'),
    ("metadata", '{"k": {"canary": "x"}}'),
    ("metadata", '{"k": "canary\\ud800"}'),
    ("metadata", '{"k": "canary\\u0000"}'),
    ("metadata", '{"canary": "1", "canary": "2"}'),
    ("metadata", '{"CANARY": "x"}'),
    ("metadata", '{"": "canary"}'),
    ("metadata", json.dumps({"canary" * 7: "x"})),
    ("metadata", json.dumps({"k": "c" * 501})),
    ("metadata", json.dumps({f"canary_{number}": "x" for number in range(17)})),
    ("metadata", '{"k": "x"} canary'),
    ("metadata", "[" * 30_000),
    ("metadata", '{"k":' * 6_000),
    ("metadata", '{"k": ' + "1" * 5_000 + "}"),
    ("metadata", json.dumps({"k": "c"}) + " " * 40_000),
]


async def send(user, route, note, **headers):
    address, files = route
    return await user.http.post(
        f"/api/v1/{address}", files=files, data=note, headers={"Prefer": "respond-async"} | headers
    )


async def submit(user, note=NOTE, route=ENCRYPT):
    response = await send(user, route, note)
    assert response.status_code == 202, response.text
    return response.json()


async def found(user, **query):
    response = await user.http.get("/api/v1/jobs", params=query)
    assert response.status_code == 200, response.text
    return [job["job_id"] for job in response.json()["data"]]


async def sql(engine, statement, **values):
    async with engine.claims._database.transaction() as session:
        result = await session.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def note_of(answer):
    return answer["reference"], answer["metadata"]


class TestAnswers:
    @pytest.mark.parametrize("kind", ["encrypt", "analyze", "avalanche"])
    async def test_every_kind_of_job_keeps_it(self, ada, kind):
        made = await submit(ada, route=ROUTES[kind])
        assert note_of(made) == ("case-2026-017", METADATA)
        assert made["file_name"] == NAME
        assert await ada.job(made["job_id"]) == made

    async def test_decrypt_job_keeps_it(self, ada):
        sealed = Sealed.make()
        files = sealed.files() | {"encrypted_image": (NAME, sealed.picture)}
        made = await submit(ada, route=("decrypt", files))
        assert note_of(made) == ("case-2026-017", METADATA)
        assert (await ada.job(made["job_id"]))["file_name"] == NAME

    async def test_batch_keeps_it_and_its_jobs_their_names(self, ada):
        batch = await submit(ada, route=ROUTES["batch"])
        assert note_of(batch) == ("case-2026-017", METADATA)
        assert note_of((await ada.http.get(f"/api/v1/batches/{batch['batch_id']}")).json()) == note_of(batch)
        job = await ada.job(batch["items"][0]["job_id"])
        assert (job["file_name"], note_of(job)) == (NAME, (None, {}))

    async def test_cancelled_and_retried_jobs_show_it(self, ada, engine):
        failed, waiting = (await submit(ada))["job_id"], (await submit(ada))["job_id"]
        await engine.fail(failed)
        for job_id, act in ((failed, "retry"), (waiting, "cancel")):
            answer = (await ada.http.post(f"/api/v1/jobs/{job_id}/{act}")).json()
            assert (note_of(answer), answer["file_name"]) == (("case-2026-017", METADATA), NAME)

    async def test_empty_note_is_not_stored(self, ada, engine):
        made = await submit(ada, note={}, route=("encrypt", {"image": ("..", PICTURE)}))
        assert (made["file_name"], note_of(made)) == (None, (None, {}))
        assert await sql(engine, "SELECT note FROM jobs WHERE id = :id", id=job_uuid(made)) == [(None,)]

    async def test_folders_are_not_in_a_file_name(self, ada):
        made = await submit(ada, route=("encrypt", {"image": ("../her/folder/scan.png", PICTURE)}))
        assert made["file_name"] == "scan.png"

    async def test_operator_does_not_see_it(self, gateway, ada, engine):
        operator = await gateway.user()
        await sql(engine, "UPDATE users SET operator = true WHERE id = :id", id=operator.account_id)
        job_id = (await submit(ada))["job_id"]
        await engine.fail(job_id, code="poison", title="The job failed at every attempt")
        async with operator.http:
            answer = await operator.http.post(f"/api/v1/admin/dead-letters/{job_id}/redrive")
        assert answer.status_code == 202
        assert (note_of(answer.json()), answer.json()["file_name"]) == ((None, {}), None)
        assert "4711" not in answer.text


class TestSearch:
    async def test_finds_exact_values_alone(self, ada):
        one, two = [
            (await submit(ada, {"reference": reference, "metadata": json.dumps({"patient": patient})}))["job_id"]
            for reference, patient in (("case-1", "4711"), ("case-10", "4711"))
        ]
        await ada.encrypt()
        assert await found(ada, reference="case-1") == [one]
        assert await found(ada, metadata="patient:4711") == [two, one]
        assert await found(ada, reference="case-10", metadata="patient:4711") == [two]
        for nothing in ({"reference": "case"}, {"metadata": "patient:471"}, {"metadata": "ward:4711"}):
            assert await found(ada, **nothing) == []
        assert await found(ada, reference="case-1", metadata="patient:0") == []
        assert await found(ada, reference="patient") == []

    async def test_goes_with_other_filters(self, ada):
        first, second = (await submit(ada))["job_id"], (await submit(ada))["job_id"]
        await ada.http.post(f"/api/v1/jobs/{first}/cancel")
        assert await found(ada, reference="case-2026-017", status="cancelled") == [first]
        assert await found(ada, reference="case-2026-017", q=second) == [second]

    async def test_pages_hold_every_match_once(self, ada):
        made = []
        for _ in range(5):
            made.append((await submit(ada))["job_id"])
            await ada.encrypt()
        seen, cursor = [], None
        while cursor is not None or not seen:
            query = {"reference": "case-2026-017", "limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await ada.http.get("/api/v1/jobs", params=query)).json()
            seen += [job["job_id"] for job in page["data"]]
            cursor = page["next_cursor"]
        assert seen == made[::-1]

    async def test_other_accounts_jobs_are_not_found(self, ada, bob):
        await submit(ada)
        await submit(ada, route=ROUTES["batch"])
        assert await found(bob, reference="case-2026-017") == []
        page = await bob.http.get("/api/v1/batches", params={"reference": "case-2026-017"})
        assert page.json()["data"] == []

    async def test_finds_batches(self, ada):
        batch = await submit(ada, route=ROUTES["batch"])
        await submit(ada, note={}, route=ROUTES["batch"])
        await submit(ada)
        for query in ({"reference": "case-2026-017"}, {"metadata": "ward:3b"}):
            data = (await ada.http.get("/api/v1/batches", params=query)).json()["data"]
            assert [(one["batch_id"], note_of(one)) for one in data] == [(batch["batch_id"], note_of(batch))]

    async def test_deleted_jobs_are_not_found(self, ada):
        job_id = (await submit(ada))["job_id"]
        await ada.http.post(f"/api/v1/jobs/{job_id}/cancel")
        await ada.http.delete(f"/api/v1/jobs/{job_id}")
        assert await found(ada, reference="case-2026-017") == []

    @pytest.mark.parametrize(
        "query", ["reference=", "metadata=canary", "metadata=CANARY:1", "metadata=:canary", "reference=canary%00"]
    )
    @pytest.mark.parametrize("place", ["jobs", "batches"])
    async def test_impossible_filter_is_refused(self, ada, place, query):
        response = await ada.http.get(f"/api/v1/{place}?{query}")
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "canary" not in response.text.lower()


class TestValues:
    @pytest.mark.parametrize("value", HOSTILE, ids=map(str, range(len(HOSTILE))))
    async def test_hostile_values_are_returned_and_found(self, ada, value):
        made = await submit(ada, {"reference": value, "metadata": json.dumps({"k": value})})
        assert note_of(await ada.job(made["job_id"])) == (value, {"k": value})
        assert await found(ada, reference=value, metadata=f"k:{value}") == [made["job_id"]]

    async def test_largest_note_is_accepted(self, ada):
        pairs = {f"{number:040d}": "\N{LATIN SMALL LETTER E WITH ACUTE}" * 250 for number in range(MAX_PAIRS)}
        made = await submit(ada, {"reference": "x" * 200, "metadata": json.dumps(pairs)})
        assert note_of(await ada.job(made["job_id"])) == ("x" * 200, pairs)

    @pytest.mark.parametrize(("field", "value"), UNFIT, ids=map(str, range(len(UNFIT))))
    @pytest.mark.parametrize("kind", ["encrypt", "batch", "decrypt", "avalanche"])
    async def test_unfit_ones_are_refused_and_not_repeated(self, ada, kind, field, value):
        response = await send(ada, ROUTES[kind], {field: value})
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed"), response.text
        assert response.json()["errors"][0]["field"] == field
        assert "canary" not in response.text.lower()
        assert await found(ada) == []

    @given(
        st.dictionaries(
            st.from_regex(r"[a-z0-9_]{1,40}", fullmatch=True),
            st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=125),
            max_size=MAX_PAIRS,
        )
    )
    def test_valid_metadata_is_unchanged(self, pairs):
        assert Noted.model_validate({"metadata": json.dumps(pairs)}).note().metadata == pairs
        for name, value in pairs.items():
            assert NoteFilter(metadata=f"{name}:{value}").wanted().metadata == {name: value}

    @given(st.text(max_size=80) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
    def test_any_text_is_accepted_or_refused(self, value):
        try:
            metadata = Noted.model_validate({"metadata": value}).metadata
        except ValidationError:
            return
        assert metadata == json.loads(value)


class TestRequestAgain:
    async def test_other_note_is_another_request(self, ada):
        key = {"Idempotency-Key": "one"}
        first = await send(ada, ENCRYPT, NOTE, **key)
        again = await send(ada, ENCRYPT, NOTE, **key)
        assert again.json()["job_id"] == first.json()["job_id"]
        assert note_of(again.json()) == note_of(first.json())
        for other in ({}, NOTE | {"reference": "case-2"}, NOTE | {"metadata": '{"patient": "4712"}'}):
            refused = await send(ada, ENCRYPT, other, **key)
            assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-mismatch")


class TestAtRest:
    async def test_rows_hold_no_word_of_it(self, ada, engine):
        job, batch = await submit(ada), await submit(ada, route=ROUTES["batch"])
        for table, owner, wire in (("job", "jobs", job["job_id"]), ("batch", "batches", batch["batch_id"])):
            object_id = ids.from_wire(wire[:3], wire)
            [(note,)] = await sql(engine, f"SELECT note FROM {owner} WHERE id = :id", id=object_id)  # noqa: S608 - ours
            statement = f"SELECT term FROM {table}_terms WHERE {table}_id = :id"  # noqa: S608 - ours
            terms = [term for (term,) in await sql(engine, statement, id=object_id)]
            assert [len(term) for term in terms] == [32, 32, 32]
            for word in (b"case-2026-017", b"4711", b"patient", b"knee"):
                assert not any(word in stored for stored in (note, *terms))

    async def test_equal_words_of_two_accounts_have_unequal_terms(self, ada, bob, engine):
        jobs = [await submit(user) for user in (ada, bob)]
        statement = "SELECT term FROM job_terms WHERE job_id = :id"
        one, other = [set(await sql(engine, statement, id=job_uuid(job))) for job in jobs]
        assert not one & other

    async def test_a_note_opens_for_its_own_job_alone(self, ada, engine):
        one, other = await submit(ada), await submit(ada, note=NOTE | {"reference": "case-2"})
        await sql(
            engine,
            "UPDATE jobs SET note = (SELECT note FROM jobs WHERE id = :other) WHERE id = :one",
            one=job_uuid(one),
            other=job_uuid(other),
        )
        assert note_of(await ada.job(one["job_id"])) == (None, {})

    async def test_is_gone_with_the_accounts_key(self, gateway, ada):
        made, batch = await submit(ada), await submit(ada, route=ROUTES["batch"])
        for path in keys_of(gateway, ada):
            path.unlink()
        job = await ada.job(made["job_id"])
        assert (job["file_name"], note_of(job)) == (None, (None, {}))
        assert note_of((await ada.http.get(f"/api/v1/batches/{batch['batch_id']}")).json()) == (None, {})
        assert await found(ada, reference="case-2026-017") == []

    async def test_jobs_are_listed_where_the_vault_is_away(self, gateway, ada, tmp_path):
        made = await submit(ada)
        vault = gateway.services.resources.settings.vault_directory
        moved = vault.rename(tmp_path / "vault")
        try:
            assert await found(ada) == [made["job_id"]]
            refused = await ada.http.get("/api/v1/jobs", params={"reference": "case-2026-017"})
        finally:
            moved.rename(vault)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert await found(ada, reference="case-2026-017") == [made["job_id"]]

    async def test_is_found_under_every_version_of_the_key(self, gateway, ada, engine):
        old = (await submit(ada))["job_id"]
        vault = gateway.services.resources.vault
        [path] = keys_of(gateway, ada)
        key_id, name = UUID(path.name.partition(".")[0]), path.name
        assert name.endswith(".1")
        aad = vault._account_aad(ada.account_id, key_id, 2)
        write_once(path.with_suffix(".2"), vault._root.seal(bytes(32), aad))
        await sql(engine, "UPDATE accounts SET kek_version = 2 WHERE id = :id", id=ada.account_id)
        new = (await submit(ada))["job_id"]
        assert await found(ada, reference="case-2026-017", metadata="ward:3b") == [new, old]
        path.unlink()
        assert await found(ada, reference="case-2026-017", metadata="ward:3b") == [new]
        assert note_of(await ada.job(old)) == (None, {})
        assert note_of(await ada.job(new)) == ("case-2026-017", METADATA)

    def test_its_labels_are_its_own(self):
        assert (LABELS.job_note, LABELS.job_note_search) == (
            b"imageshield/v1/job-note",
            b"imageshield/v1/job-note-search",
        )


def job_uuid(job):
    return ids.from_wire("job", job["job_id"])


def keys_of(gateway, user):
    directory = gateway.services.resources.settings.vault_directory
    return list((directory / "accounts" / user.account_id.hex).iterdir())
