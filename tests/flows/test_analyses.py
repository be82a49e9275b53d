"""Analyses through the running system: with an encryption, of two own pictures, and encrypted at rest."""

import json
import subprocess
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from tests.flows.test_canary import hits, pg_dump, written_files
from tests.support import pictures
from tests.support.stack import ChildrenKilledAt, SystemUnderTest
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def canary(seed: int) -> bytes:
    """Make a picture whose measures no other picture has."""
    return pictures.as_bmp(pictures.make(400, 300, seed=seed))


def percentages(events: list[dict]) -> list[int]:
    return [event["payload"]["progress"] for event in events if event["type"] == "progress"]


def stages(events: list[dict]) -> list[str]:
    return list(dict.fromkeys(event["payload"]["stage"] for event in events if event["type"] == "progress"))


class TestAnalyzeWithAnEncryption:
    def test_analysis_and_reports_come_with_the_picture(self, user: User):
        original = canary(1)
        job_id = user.submit(original, name="scan.bmp", analyze="true")["job_id"]
        events = user.follow(job_id)
        assert stages(events)[-2:] == ["storing", "analyzing"]
        assert percentages(events) == sorted(percentages(events))

        job = user.job(job_id)
        assert (job["status"], job["warnings"]) == ("completed", [])
        assert job["metrics"]["timings_ms"]["analyzing"] > 0
        analysis = json.loads(user.download(job["analysis_url"]))
        pixels = np.asarray(Image.open(BytesIO(original)))
        counts = analysis["charts"]["histogram_comparison"]["original"]
        assert counts == np.bincount(pixels.reshape(-1), minlength=256).tolist()
        assert analysis["metrics"]["timings_ms"]["encrypting"] == job["metrics"]["timings_ms"]["encrypting"]
        assert analysis["metrics"]["npcr"]["between_ciphertexts"] > 99
        assert analysis["security_grade"]["letter"] == "A"

        html, pdf = user.download(job["report_url"]), user.download(job["report_url"] + "?format=pdf")
        assert job_id in html.decode()
        text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
        assert job_id in text
        assert "NPCR" in text

        today = user.http.get("/analyze/trends").json()["days"][-1]
        assert (today["analyses"], today["letters"]) == (1, {"A": 1})
        assert today["medians"]["entropy"] == analysis["metrics"]["entropy"]["encrypted"]

    def test_partly_encrypted_picture_gets_no_letter(self, user: User):
        regions = json.dumps([{"x": 10, "y": 10, "width": 200, "height": 200}])
        job = user.encrypt(canary(2), name="scan.bmp", analyze="true", regions=regions)
        analysis = json.loads(user.download(job["analysis_url"]))
        assert (analysis["security_grade"]["letter"], analysis["regions"]["pixels"]) == (None, 40_000)
        assert user.http.get("/analyze/trends").json()["days"][-1]["analyses"] == 0

    def test_worker_killed_while_analyzing_loses_no_job(self, user: User, system: SystemUnderTest):
        """The job completes at its second attempt, with one last event."""
        job_id = user.submit(pictures.as_png(pictures.enlarge(megapixels=6)), analyze="true")["job_id"]
        kill = ChildrenKilledAt(system, "analyzing")
        events = user.follow(job_id, seen=kill)
        job = user.job(job_id)
        assert kill.killed
        assert (job["status"], job["attempts"], job["warnings"]) == ("completed", 2, [])
        assert [event["type"] for event in events].count("completed") == 1
        assert json.loads(user.download(job["analysis_url"]))["version"] == 1
        assert user.decrypt(user.download(job["result_url"]), user.download(job["key_file_url"])).status_code == 200


class TestMeasureOwnPictures:
    def test_two_pictures_get_their_analysis(self, user: User):
        original = canary(3)
        encrypted = user.download(user.encrypt(original, name="a.bmp")["result_url"])
        files = {"original": ("a.bmp", original), "encrypted": ("a.enc.png", encrypted)}
        response = user.http.post("/analyze", files=files)
        assert response.status_code == 200, response.text
        assert response.json()["metrics"]["key_space_bits"] == 256
        [job] = user.http.get("/jobs?kind=analyze").json()["data"]
        assert json.loads(user.download(job["analysis_url"])) == response.json()
        assert user.download(job["report_url"] + "?format=pdf").startswith(b"%PDF-")

    def test_color_and_gray_pair_is_refused(self, user: User):
        """The worker compares the kinds of the two pictures, so the refusal comes from a job."""
        color, gray = pictures.as_png(pictures.make(40, 30)), pictures.as_png(pictures.make(40, 30, "L"))
        response = user.http.post("/analyze", files={"original": ("a.png", color), "encrypted": ("b.png", gray)})
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")

    def test_flipped_bits_are_counted(self, user: User):
        response = user.http.post("/analysis/avalanche", files={"image": ("a.png", pictures.as_png(pictures.make()))})
        assert response.status_code == 200, response.text
        verdicts = {one["id"]: one["changed"]["verdict"] for one in response.json()["experiments"]}
        assert verdicts["picture_same_key"] == "as_expected"
        assert set(verdicts) == {"key", "picture_fresh_keys", "picture_same_key"}


class TestCanary:
    def test_no_number_of_the_original_is_stored_unencrypted(self, user: User, system: SystemUnderTest):
        """Nor are its name and its pixels."""
        original = canary(4)
        job = user.encrypt(original, name="canary-name.bmp", analyze="true")
        encrypted = user.download(job["result_url"])
        files = {"original": ("canary-name.bmp", original), "encrypted": ("b.png", encrypted)}
        metrics = user.http.post("/analyze", files=files).json()["metrics"]
        user.download(job["report_url"])
        numbers = [
            metrics["entropy"]["original"],
            *metrics["correlation"]["original"].values(),
            metrics["histogram"]["original_chi_square"],
            metrics["psnr_db"],
            metrics["mse"],
            metrics["uaci"]["original_vs_encrypted"],
        ]
        pixels = np.asarray(Image.open(BytesIO(original)))
        needles = [repr(number)[:12].encode() for number in numbers] + [b"canary-name", pixels[9].tobytes()[:48]]
        counts = np.bincount(pixels.reshape(-1), minlength=256)
        needles.append(",".join(map(str, counts[:8])).encode())

        dump = subprocess.run(
            [pg_dump(), "--inserts", system.variables["DATABASE_URL"].replace("+asyncpg", "")],
            check=True,
            capture_output=True,
        ).stdout
        assert repr(metrics["entropy"]["encrypted"])[:12].encode() in dump, (
            "the dump holds what may be stored as plaintext"
        )
        assert [needle for needle in needles if needle in dump] == []
        assert hits(written_files(system), needles) == []
