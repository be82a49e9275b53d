"""Batches: many pictures in one request, accepted one by one, followed on one socket, downloaded as one zip."""

import hashlib
import io
import json
import zipfile

import httpx
import pytest
import websockets.asyncio.client
from sqlalchemy import text

from backplane import ids
from backplane.blobs import S3Blobs
from backplane.db.repositories import batches
from backplane.errors import StorageFull, Unavailable
from backplane.services.identity import access_tokens
from backplane.services.requests.caller import Caller
from shield_core.keys.recipients import SecretKey
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

BATCH = "/api/v1/batch/encrypt"
BATCHES = "/api/v1/batches"
CANARY = "canary-Zx9!-secret"
PNG = pictures.as_png(pictures.make(8, 6))
JPEG = pictures.encode(pictures.make(8, 6), "JPEG")
PASSWORD = "a long passphrase"


def archive(*entries, **options):
    """Zip these entries, each a name and its content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", **{"compression": zipfile.ZIP_DEFLATED} | options) as file:
        for name, data in entries:
            file.writestr(name, data)
    return packed.getvalue()


async def send(user, *pictures_, zipped=None, headers=None, **form):
    """Send pictures, each its bytes or a name and its bytes."""
    files = [("images", one if isinstance(one, tuple) else ("scan.png", one)) for one in pictures_]
    if zipped is not None:
        files.append(("archive", ("scans.zip", zipped)))
    return await user.http.post(BATCH, files=files, data=form, headers=headers)


async def take(user, *pictures_, **form):
    response = await send(user, *pictures_, **form)
    assert response.status_code == 202, response.text
    return response.json()


async def batch_of(user, batch):
    return (await user.http.get(f"{BATCHES}/{batch['batch_id']}")).raise_for_status().json()


async def rows(engine, statement, **values):
    async with engine.claims._database.transaction() as session:
        return [dict(row._mapping) for row in await session.execute(text(statement), values)]


async def jobs_of(user):
    return (await user.http.get("/api/v1/jobs")).json()["data"]


def job_ids(batch):
    return [item["job_id"] for item in batch["items"] if item["job_id"] is not None]


def errors(batch):
    return [item["error"] and item["error"]["code"] for item in batch["items"]]


@pytest.fixture
def stored(monkeypatch):
    """The keys that are in the store because of this test."""
    keys: list[str] = []
    put, delete = S3Blobs.put, S3Blobs.delete

    async def noted_put(self, key, data, **options):
        await put(self, key, data, **options)
        keys.append(key)

    async def noted_delete(self, key):
        await delete(self, key)
        keys.remove(key)

    monkeypatch.setattr(S3Blobs, "put", noted_put)
    monkeypatch.setattr(S3Blobs, "delete", noted_delete)
    return keys


class TestAccepted:
    async def test_every_picture_becomes_a_job_of_the_batch(self, ada):
        response = await send(ada, ("one.png", PNG), ("two.jpg", JPEG), quantum_purity="fast")
        batch = response.json()
        assert response.status_code == 202
        assert response.headers["Location"] == f"{BATCHES}/{batch['batch_id']}"
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert batch["status"] == "processing"
        assert batch["counts"] == {
            "total": 2,
            "pending": 2,
            "processing": 0,
            "completed": 0,
            "failed": 0,
            "cancelled": 0,
        }
        assert [(item["index"], item["filename"], item["status"], item["error"]) for item in batch["items"]] == [
            (0, "one.png", "pending", None),
            (1, "two.jpg", "pending", None),
        ]
        jobs = [await ada.job(job_id) for job_id in job_ids(batch)]
        assert [job["image"]["format"] for job in jobs] == ["PNG", "JPEG"]
        assert {job["quantum_purity"]["requested"] for job in jobs} == {"fast"}
        assert {job["batch_id"] for job in jobs} == {batch["batch_id"]}
        assert await batch_of(ada, batch) == batch

    async def test_options_may_come_after_the_pictures(self, ada):
        body = b"".join(
            b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n' % part
            for part in (
                (b"images", b'; filename="a.png"', PNG),
                (b"layout", b"", b"file"),
                (b"images", b'; filename="b.png"', PNG),
                (b"quantum_purity", b"", b"maximum"),
            )
        )
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        batch = (await ada.http.post(BATCH, content=body + b"--b--\r\n", headers=headers)).json()
        jobs = [await ada.job(job_id) for job_id in job_ids(batch)]
        assert [(job["layout"], job["quantum_purity"]["requested"]) for job in jobs] == [("file", "maximum")] * 2

    async def test_hundred_pictures_are_the_limit(self, ada, stored):
        batch = await take(ada, *[PNG] * 100)
        assert batch["counts"]["pending"] == 100
        stored.clear()
        response = await send(ada, *[PNG] * 101)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "images")
        assert "100" in response.json()["errors"][0]["detail"]
        assert stored == []

    async def test_a_password_has_a_salt_for_each_picture(self, ada, engine):
        batch = await take(ada, PNG, PNG, master_password=PASSWORD)
        salts = set()
        for job_id in job_ids(batch):
            await engine.complete_encrypt(job_id)
            (stanza,) = (await ada.http.get(f"/api/v1/jobs/{job_id}/key-file")).json()["stanzas"]
            assert stanza["type"] == "passphrase"
            salts.add(stanza["kdf"]["salt_b64"])
        assert len(salts) == 2

    async def test_they_wait_behind_a_single_picture(self, ada, engine):
        batch = await take(ada, PNG)
        single = await ada.encrypt()
        found = await rows(engine, "SELECT id, priority FROM jobs WHERE account_id = :id", id=ada.account_id)
        assert {ids.to_wire("job", row["id"]): row["priority"] for row in found} == {job_ids(batch)[0]: 2, single: 1}

    async def test_prefer_wait_answers_with_the_finished_batch(self, ada, engine, background):
        async def work():
            await engine.next_job(ada, number=2)
            for job in await jobs_of(ada):
                await engine.complete_encrypt(job["job_id"])

        background(work())
        response = await send(ada, PNG, PNG, headers={"Prefer": "wait=20"})
        assert (response.status_code, response.headers["Preference-Applied"]) == (200, "wait=20")
        assert response.json()["counts"]["completed"] == 2

    async def test_the_same_key_makes_one_batch(self, ada, stored):
        headers = {"Idempotency-Key": "one-and-the-same"}
        first = await send(ada, PNG, b"no picture", headers=headers)
        kept = list(stored)
        again = await send(ada, PNG, b"no picture", headers=headers)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
        assert again.json() == first.json()
        assert len(await jobs_of(ada)) == 1
        assert stored == kept
        other = await send(ada, PNG, PNG, headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")


class TestPartialFailure:
    async def test_refused_picture_is_an_item_with_error(self, ada, stored):
        """The other pictures become jobs. Only a picture that is too large refuses the whole form."""
        too_large = pictures.encode(pictures.make(8, 6), "BMP") + bytes(50_000_000)
        batch = await take(ada, ("notes.txt", b"no picture"), PNG, ("empty.png", b""), ("cut.png", PNG[:-20]))
        assert errors(batch) == ["unsupported-format", None, "image-empty", "image-corrupt"]
        assert batch["counts"] == {
            "total": 4,
            "pending": 1,
            "processing": 0,
            "completed": 0,
            "failed": 3,
            "cancelled": 0,
        }
        assert [item["job_id"] is None for item in batch["items"]] == [True, False, True, True]
        assert batch["items"][0]["error"]["title"] == "Not an image of a format that is taken"
        assert "starts like no picture" in batch["items"][0]["error"]["detail"]
        assert len(stored) == 1
        response = await send(ada, PNG, too_large[:50_000_001])
        assert (response.status_code, response.json()["code"]) == (413, "file-too-large")

    async def test_batch_of_refused_pictures_has_failed(self, ada):
        batch = await take(ada, b"no picture", b"neither")
        assert (batch["status"], batch["counts"]["failed"]) == ("failed", 2)
        assert batch["completed_at"] is not None
        assert batch["expires_at"] is not None
        assert batch["result_url"] == f"{BATCHES}/{batch['batch_id']}/result"

    async def test_unfit_layout_refuses_that_picture_alone(self, ada, stored):
        batch = await take(ada, PNG, pictures.encode(pictures.make(8, 6, "CMYK"), "TIFF"), layout="pixels")
        assert errors(batch) == [None, "layout-not-exact"]
        assert stored == [key for key in stored if job_ids(batch)[0].removeprefix("job_") in key]

    async def test_file_name_is_cleaned_and_stored_encrypted(self, ada, engine):
        name = "../../etc/\u202egnp.secret-name.png"
        batch = await take(ada, (name, PNG), ("", PNG))
        assert [item["filename"] for item in batch["items"]] == ["gnp.secret-name.png", None]
        found = await rows(
            engine,
            "SELECT file_name FROM batch_items WHERE batch_id = :id AND file_name IS NOT NULL",
            id=ids.from_wire("bat", batch["batch_id"]),
        )
        assert len(found) == 1
        assert b"secret-name" not in found[0]["file_name"]


class TestArchive:
    async def test_its_files_are_the_pictures_of_the_batch(self, ada):
        zipped = archive(("scans/one.png", PNG), ("two.jpg", JPEG), ("readme.txt", "no picture"))
        batch = await take(ada, zipped=zipped)
        assert [item["filename"] for item in batch["items"]] == ["one.png", "two.jpg", "readme.txt"]
        assert errors(batch) == [None, None, "unsupported-format"]

    async def test_files_of_file_managers_are_ignored(self, ada):
        rest = [("__MACOSX/._one.png", b"x"), ("a/.DS_Store", b"x"), ("a/", b""), ("Thumbs.db", b"x")]
        batch = await take(ada, zipped=archive(*rest, ("a/one.png", PNG)))
        assert [item["filename"] for item in batch["items"]] == ["one.png"]

    async def test_an_archive_in_an_archive_is_no_picture(self, ada):
        batch = await take(ada, zipped=archive(("inner.zip", archive(("one.png", PNG)))))
        assert errors(batch) == ["unsupported-format"]

    @pytest.mark.parametrize(
        ("zipped", "words"),
        [
            (b"", "not a zip"),
            (PNG, "not a zip"),
            (archive(("one.png", PNG))[:-30], "not a zip"),
            (archive(), "no file"),
            (archive(("a/", b"")), "no file"),
            (archive(*[(f"{n}.png", b"x") for n in range(101)]), "more than 100"),
        ],
    )
    async def test_an_unfit_one_refuses_the_form(self, ada, zipped, words):
        response = await send(ada, zipped=zipped)
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert words in response.json()["detail"]
        assert await jobs_of(ada) == []

    async def test_declared_unpacked_size_is_limited(self, ada):
        zipped = archive(*[(f"{n}.png", bytes(45_000_000)) for n in range(12)])
        assert len(zipped) < 1_000_000
        response = await send(ada, zipped=zipped)
        assert (response.status_code, response.json()["code"]) == (413, "file-too-large")
        assert "500,000,000" in response.json()["detail"]

    async def test_images_and_an_archive_do_not_go_together(self, ada, stored):
        response = await send(ada, PNG, zipped=archive(("one.png", PNG)))
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "either_or")
        assert stored == []


class TestRefusedForms:
    @pytest.mark.parametrize(
        "form",
        [
            {"quantum_purity": CANARY},
            {"layout": CANARY},
            {CANARY: "x"},
            {"regions": '[{"x": 0, "y": 0, "width": 4, "height": 4}]'},
            {"master_password": "short"},
            {"recipients": CANARY},
            {"key_custody": "client"},
        ],
    )
    async def test_leave_nothing_and_say_nothing_back(self, ada, stored, form):
        body, headers = multipart(
            ("images", "a.png", PNG), *[(name, None, text.encode()) for name, text in form.items()]
        )
        response = await ada.http.post(BATCH, content=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert CANARY not in response.text
        assert stored == []
        assert (await ada.http.get(BATCHES)).json()["data"] == []

    async def test_fields_that_contradict_each_other_are_refused(self, ada, stored):
        response = await send(ada, PNG, key_custody="passphrase")
        assert (response.status_code, response.json()["code"]) == (422, "custody-conflict")
        assert stored == []

    async def test_a_form_without_pictures_is_refused(self, ada):
        for form in ({"layout": "file"}, {"image": "x"}):
            body, headers = multipart(*[(name, None, value.encode()) for name, value in form.items()])
            response = await ada.http.post(BATCH, content=body, headers=headers)
            assert (response.status_code, response.json()["code"]) == (422, "validation-failed")

    @pytest.mark.parametrize("blank_first", [True, False])
    @pytest.mark.parametrize("other", ["archive", "images"])
    async def test_empty_browser_field_is_ignored(self, ada, other, blank_first):
        """A browser sends a field in which no file was chosen as a part without a name and without bytes."""
        chosen = ("images", "a.png", PNG) if other == "archive" else ("archive", "a.zip", archive(("a.png", PNG)))
        parts = [(other, "", b""), chosen] if blank_first else [chosen, (other, "", b"")]
        body, headers = multipart(*parts)
        response = await ada.http.post(BATCH, content=body, headers=headers)
        assert (response.status_code, response.json()["counts"]["pending"]) == (202, 1), response.text

    async def test_form_with_empty_fields_alone_is_refused(self, ada, stored):
        body, headers = multipart(("images", "", b""), ("archive", "", b""))
        response = await ada.http.post(BATCH, content=body, headers=headers)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "missing")
        assert stored == []

    @pytest.mark.parametrize(("error", "status"), [(Unavailable(), 503), (StorageFull(), 507)])
    async def test_failing_store_leaves_no_batch(self, ada, stored, monkeypatch, error, status):
        """The objects that were stored before the failure are deleted."""
        put = S3Blobs.put

        async def fail_at_the_third(self, key, data, **options):
            if len(stored) == 2:
                raise error
            await put(self, key, data, **options)

        monkeypatch.setattr(S3Blobs, "put", fail_at_the_third)
        response = await send(ada, *[PNG] * 4)
        assert response.status_code == status
        assert stored == []
        assert (await ada.http.get(BATCHES)).json()["data"] == []
        assert await jobs_of(ada) == []

    async def test_failing_database_leaves_objects_for_the_sweeper(self, ada, stored, monkeypatch):
        """The commit may have succeeded though its answer was lost: then deleted objects would lose the jobs."""

        async def fail(session, items):
            raise Unavailable

        monkeypatch.setattr(batches, "add_items", fail)
        response = await send(ada, PNG, PNG)
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert len(stored) == 2
        assert await jobs_of(ada) == []
        assert (await ada.http.get(BATCHES)).json()["data"] == []

    async def test_an_upload_that_is_cut_leaves_nothing(self, ada, stored):
        body, headers = multipart(("images", "a.png", PNG), ("images", "b.png", PNG))
        response = await ada.http.post(BATCH, content=body[: len(body) // 2 + 100], headers=headers)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "not_multipart")
        assert stored == []


def multipart(*parts):
    pieces = [
        b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
        % (name.encode(), b'; filename="%b"' % file_name.encode() if file_name is not None else b"", data)
        for name, file_name, data in parts
    ]
    return b"".join(pieces) + b"--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"}


class TestList:
    async def test_pages_hold_every_batch_once_newest_first(self, ada):
        made = [(await take(ada, PNG, b"no picture"))["batch_id"] for _ in range(3)]
        first = (await ada.http.get(BATCHES, params={"limit": 2})).json()
        second = (await ada.http.get(BATCHES, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [one["batch_id"] for one in first["data"] + second["data"]] == made[::-1]
        assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)
        assert first["data"][0]["counts"]["total"] == 2
        assert first["data"][0]["counts"]["failed"] == 1
        assert "items" not in first["data"][0]

    async def test_a_cursor_of_something_else_is_refused(self, ada):
        response = await ada.http.get(BATCHES, params={"cursor": "job_" + "0" * 32})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "cursor")


class TestStatus:
    async def test_status_follows_from_its_jobs(self, ada, engine):
        batch = await take(ada, PNG, PNG)
        first, second = job_ids(batch)
        await engine.fail(first)
        batch = await batch_of(ada, batch)
        assert (batch["status"], batch["counts"]["failed"], batch["completed_at"]) == ("processing", 1, None)
        assert batch["items"][0]["error"] == {"code": "image-corrupt", "title": "The image is damaged", "detail": None}
        await engine.complete_encrypt(second)
        batch = await batch_of(ada, batch)
        assert batch["status"] == "completed"
        assert batch["completed_at"] is not None

    async def test_it_has_failed_where_all_have(self, ada, engine):
        batch = await take(ada, PNG, b"no picture")
        await engine.fail(job_ids(batch)[0])
        assert (await batch_of(ada, batch))["status"] == "failed"


class TestSteering:
    async def test_cancel_keeps_completed_jobs(self, ada, engine):
        batch = await take(ada, PNG, PNG, PNG)
        await engine.complete_encrypt(job_ids(batch)[0])
        response = await ada.http.post(f"{BATCHES}/{batch['batch_id']}/cancel")
        assert response.status_code == 202
        assert response.json()["status"] == "cancelled"
        assert [item["status"] for item in response.json()["items"]] == ["completed", "cancelled", "cancelled"]
        again = await ada.http.post(f"{BATCHES}/{batch['batch_id']}/cancel")
        assert (again.status_code, again.json()["status"]) == (202, "cancelled")

    async def test_a_finished_one_is_not_cancelled(self, ada, engine):
        batch = await take(ada, PNG)
        await engine.complete_encrypt(job_ids(batch)[0])
        response = await ada.http.post(f"{BATCHES}/{batch['batch_id']}/cancel")
        assert (response.status_code, response.json()["code"]) == (409, "job-finished")

    async def test_retry_reopens_it_for_failed_jobs(self, ada, engine):
        batch = await take(ada, PNG, PNG, b"no picture")
        first, second = job_ids(batch)
        await engine.fail(first)
        await engine.complete_encrypt(second)
        response = await ada.http.post(f"{BATCHES}/{batch['batch_id']}/retry")
        assert response.status_code == 202
        assert [item["status"] for item in response.json()["items"]] == ["pending", "completed", "failed"]
        assert (response.json()["status"], response.json()["completed_at"]) == ("processing", None)
        await engine.complete_encrypt(first)
        batch = await batch_of(ada, batch)
        assert (batch["status"], batch["counts"]["completed"], batch["counts"]["failed"]) == ("completed", 2, 1)
        assert batch["completed_at"] is not None

    async def test_retry_needs_failed_jobs_with_pictures(self, ada, engine, stored):
        refused = await take(ada, b"no picture")
        response = await ada.http.post(f"{BATCHES}/{refused['batch_id']}/retry")
        assert (response.status_code, response.json()["code"]) == (409, "job-finished")
        waiting = await take(ada, PNG)
        response = await ada.http.post(f"{BATCHES}/{waiting['batch_id']}/retry")
        assert (response.status_code, response.json()["code"]) == (409, "job-not-finished")
        await engine.fail(job_ids(waiting)[0])
        await rows(
            engine,
            "UPDATE blobs SET deleted_at = now(), sealed = NULL WHERE job_id = :id RETURNING id",
            id=ids.from_wire("job", job_ids(waiting)[0]),
        )
        response = await ada.http.post(f"{BATCHES}/{waiting['batch_id']}/retry")
        assert (response.status_code, response.json()["code"]) == (410, "gone")

    async def test_delete_needs_ended_jobs_and_includes_them(self, ada, engine):
        batch = await take(ada, PNG, PNG)
        url = f"{BATCHES}/{batch['batch_id']}"
        response = await ada.http.delete(url)
        assert (response.status_code, response.json()["code"]) == (409, "job-not-finished")
        for job_id in job_ids(batch):
            await engine.complete_encrypt(job_id)
        assert (await ada.http.delete(url)).status_code == 204
        assert (await ada.http.get(url)).status_code == 404
        assert (await ada.http.delete(url)).status_code == 404
        assert await jobs_of(ada) == []
        assert (await ada.http.get(BATCHES)).json()["data"] == []

    async def test_an_item_goes_with_its_job(self, ada, engine):
        batch = await take(ada, PNG, PNG)
        first, _ = job_ids(batch)
        await engine.complete_encrypt(first)
        assert (await ada.http.delete(f"/api/v1/jobs/{first}")).status_code == 204
        batch = await batch_of(ada, batch)
        assert ([item["index"] for item in batch["items"]], batch["counts"]["total"]) == ([1], 1)


class TestOwner:
    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", ""), ("POST", "/cancel"), ("POST", "/retry"), ("DELETE", ""), ("GET", "/result")],
    )
    async def test_another_accounts_batch_is_not_there(self, ada, bob, method, path):
        batch = await take(ada, b"no picture")
        foreign = await bob.http.request(method, f"{BATCHES}/{batch['batch_id']}{path}")
        unknown = await bob.http.request(method, f"{BATCHES}/bat_{'0' * 32}{path}")
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.json()["detail"] == unknown.json()["detail"]
        assert (await batch_of(ada, batch))["status"] == "failed"


class TestResult:
    async def test_zip_has_every_picture_and_a_manifest(self, ada, engine):
        batch = await take(ada, ("scan.png", PNG), ("SCAN.jpg", JPEG), ("aux.png", PNG), b"no picture")
        first, second, third = job_ids(batch)
        made = [await engine.complete_encrypt(first), await engine.complete_encrypt(second, material=b"m" * 100)]
        await engine.fail(third)
        response = await ada.http.get(f"{BATCHES}/{batch['batch_id']}/result")
        assert response.status_code == 200
        assert (response.headers["Content-Type"], response.headers["Cache-Control"]) == ("application/zip", "no-store")
        assert f'attachment; filename="{batch["batch_id"]}.zip"' in response.headers["Content-Disposition"]
        with zipfile.ZipFile(io.BytesIO(response.content)) as file:
            assert file.testzip() is None
            assert file.namelist() == [
                "scan.enc.png",
                "scan.receipt.json",
                "SCAN-2.enc.png",
                "SCAN-2.enc.qmat",
                "SCAN-2.receipt.json",
                "manifest.json",
            ]
            assert [file.read(name) for name in ("scan.enc.png", "SCAN-2.enc.png")] == [bytes(one) for one in made]
            assert file.read("SCAN-2.enc.qmat") == b"m" * 100
            manifest = json.loads(file.read("manifest.json"))
        assert (manifest["batch_id"], manifest["counts"]["completed"]) == (batch["batch_id"], 2)
        assert [item["status"] for item in manifest["items"]] == ["completed", "completed", "failed", "failed"]
        assert manifest["items"][0]["sha256"] == hashlib.sha256(made[0]).hexdigest()
        assert manifest["items"][0]["key_id"] == (await ada.job(first))["key_id"]
        assert manifest["items"][1]["files"] == ["SCAN-2.enc.png", "SCAN-2.enc.qmat", "SCAN-2.receipt.json"]
        assert manifest["items"][2]["error"]["code"] == "image-corrupt"
        assert (manifest["items"][3]["job_id"], manifest["items"][3]["files"]) == (None, [])

    async def test_unfinished_batch_needs_the_parameter_partial(self, ada, engine):
        """The zip is complete when all jobs have ended; before that, `partial=true` gives the finished pictures."""
        batch = await take(ada, ("one.png", PNG), ("two.png", PNG))
        await engine.complete_encrypt(job_ids(batch)[0])
        url = f"{BATCHES}/{batch['batch_id']}/result"
        response = await ada.http.get(url)
        assert (response.status_code, response.json()["code"]) == (409, "job-not-finished")
        response = await ada.http.get(url, params={"partial": "true"})
        with zipfile.ZipFile(io.BytesIO(response.content)) as file:
            assert "one.enc.png" in file.namelist()
            statuses = [item["status"] for item in json.loads(file.read("manifest.json"))["items"]]
        assert statuses == ["completed", "pending"]

    async def test_key_files_come_on_demand_and_are_audited(self, ada, engine):
        secret = SecretKey(bytes(range(32)))
        batch = await take(ada, ("one.png", PNG), recipients=secret.public.text)
        await engine.complete_encrypt(job_ids(batch)[0])
        url = f"{BATCHES}/{batch['batch_id']}/result"
        response = await ada.http.get(url, params={"key_files": "true"})
        with zipfile.ZipFile(io.BytesIO(response.content)) as file:
            key_file = json.loads(file.read("one.enc.qkey"))
        assert [stanza["type"] for stanza in key_file["stanzas"]] == ["recipient"]
        actions = await rows(engine, "SELECT action FROM audit_events WHERE account_id = :id", id=ada.account_id)
        assert {"key.exported", "result.downloaded"} <= {row["action"] for row in actions}

    async def test_key_files_need_their_scope(self, ada, gateway, engine, monkeypatch):
        batch = await take(ada, PNG)
        await engine.complete_encrypt(job_ids(batch)[0])
        monkeypatch.setattr(access_tokens, "SCOPE", "jobs:read results:read")
        token = (await gateway.services.identity.tokens.issue(Caller(ada.account_id), ada.account_id)).access_token
        async with gateway.client(Authorization=f"Bearer {token}") as http:
            url = f"{BATCHES}/{batch['batch_id']}/result"
            assert (await http.get(url)).status_code == 200
            response = await http.get(url, params={"key_files": "true"})
        assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")

    async def test_a_store_that_is_away_is_a_refusal(self, ada, engine, monkeypatch):
        batch = await take(ada, PNG)
        await engine.complete_encrypt(job_ids(batch)[0])

        async def fail(self, key, part=None):
            raise Unavailable

        monkeypatch.setattr(S3Blobs, "stream", fail)
        response = await ada.http.get(f"{BATCHES}/{batch['batch_id']}/result")
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")

    async def test_failing_store_cuts_the_zip(self, wired, engine, monkeypatch):
        batch = await take(wired, PNG, PNG)
        for job_id in job_ids(batch):
            await engine.complete_encrypt(job_id)
        stream, opened = S3Blobs.stream, []

        async def fail_at_the_second(self, key, part=None):
            opened.append(key)
            if len(opened) == 2:
                raise Unavailable
            return await stream(self, key, part)

        monkeypatch.setattr(S3Blobs, "stream", fail_at_the_second)
        received = bytearray()
        with pytest.raises(httpx.RemoteProtocolError):  # noqa: PT012 - what came before the cut counts too
            async with wired.http.stream("GET", f"{BATCHES}/{batch['batch_id']}/result") as response:
                assert response.status_code == 200
                async for piece in response.aiter_bytes():
                    received += piece
        assert received.startswith(b"PK\x03\x04")
        assert not zipfile.is_zipfile(io.BytesIO(received))


class TestSocket:
    async def messages(self, server, wired, batch):
        url = server.base_url.replace("http://", "ws://") + f"/ws/progress/{batch['batch_id']}"
        headers = {"Authorization": f"Bearer {wired.token}"}
        async with websockets.asyncio.client.connect(url, additional_headers=headers, proxy=None) as socket:
            async for message in socket:
                yield json.loads(message)
            assert socket.close_code == 1000

    async def test_socket_sends_the_messages_of_every_job(self, server, wired, engine):
        batch = await take(wired, PNG, PNG, b"no picture")
        first, second = job_ids(batch)
        messages = []
        async for message in self.messages(server, wired, batch):
            messages.append(message)
            if len(messages) == 1:
                await engine.fail(first)
            if message["type"] == "batch" and message["payload"]["counts"]["failed"] == 2 and len(messages) < 4:
                await engine.complete_encrypt(second)
        snapshot, *events, last = messages
        assert (snapshot["type"], snapshot["batch_id"]) == ("snapshot", batch["batch_id"])
        assert snapshot["payload"]["counts"] == batch["counts"]
        assert [(item["job_id"], item["status"], item["seq"]) for item in snapshot["payload"]["items"]] == [
            (first, "pending", 1),
            (second, "pending", 1),
            (None, "failed", 0),
        ]
        assert [(message["type"], message.get("job_id"), message.get("seq")) for message in events] == [
            ("error", first, 2),
            ("batch", None, None),
            ("completed", second, 2),
            ("batch", None, None),
        ]
        assert {message["batch_id"] for message in messages} == {batch["batch_id"]}
        assert (last["type"], last.get("job_id")) == ("completed", None)
        assert last["payload"]["counts"] == events[-1]["payload"]["counts"]
        assert last["payload"]["result_url"] == f"{BATCHES}/{batch['batch_id']}/result"

    async def test_finished_batch_is_completed_at_once(self, server, wired):
        batch = await take(wired, b"no picture")
        messages = [message async for message in self.messages(server, wired, batch)]
        assert [message["type"] for message in messages] == ["snapshot", "completed"]
        assert messages[0]["payload"]["items"][0]["error"]["code"] == "unsupported-format"

    async def test_another_accounts_batch_is_not_there(self, server, wired, ada):
        batch = await take(ada, b"no picture")
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            _ = [message async for message in self.messages(server, wired, batch)]
        assert refused.value.response.status_code == 404
