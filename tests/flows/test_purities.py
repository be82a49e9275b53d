"""Every purity through the running system, with its material and its receipt."""

import numpy as np
import pytest

from shield_core.keys.stanzas import PlainOpen
from shield_core.pipeline import decrypt_image
from tests.support import pictures
from tests.support.stack import SystemUnderTest
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

RAW_BITS = 4096


class TestEveryPurity:
    @pytest.mark.parametrize("purity", ["fast", "balanced", "multistage", "maximum"])
    def test_is_served_as_asked_and_comes_back(self, user: User, purity: str):
        original = pictures.sample("astronaut.png")
        job = user.encrypt(original, quantum_purity=purity)
        assert job["quantum_purity"] == {"requested": purity, "served": purity, "reason": None}
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        back = user.decrypt(encrypted, key_file)
        assert back.status_code == 200, back.text
        assert np.array_equal(pictures.pixels(back.content), pictures.pixels(original))

    def test_balanced_runs_circuits_for_each_picture(self, user: User):
        """The receipts say when: between the job's start and its end."""
        jobs = [user.encrypt(pictures.sample("astronaut.png"), quantum_purity="balanced") for _ in range(2)]
        one, other = [user.http.get(f"/jobs/{job['job_id']}/receipt").json()["statement"] for job in jobs]
        for job, statement in zip(jobs, (one, other), strict=True):
            assert statement["pool"] is None
            assert statement["raw"]["bits"] >= RAW_BITS
            assert job["created_at"] < statement["raw"]["measured_at"] < job["completed_at"]
        assert one["raw"]["measured_at"] < other["raw"]["measured_at"]


class TestMaterial:
    def test_of_maximum_opens_the_picture_offline(self, user: User):
        original = pictures.as_png(pictures.make(90, 70))
        job = user.encrypt(original, quantum_purity="maximum")
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        material = user.download(job["material_url"])
        opened = decrypt_image(encrypted, key_file, openers=[PlainOpen()], material=material)
        assert np.array_equal(pictures.pixels(opened.data), pictures.pixels(original))

    def test_other_account_must_send_it(self, user: User, system: SystemUnderTest):
        original = pictures.as_png(pictures.make(90, 70))
        job = user.encrypt(original, quantum_purity="maximum")
        files = {
            "encrypted_image": user.download(job["result_url"]),
            "key_file": user.download(job["key_file_url"]),
        }
        other_user = User(system.url)
        refused = other_user.http.post("/decrypt", files=files)
        assert (refused.status_code, refused.json()["code"]) == (422, "material-required")
        back = other_user.http.post("/decrypt", files=files | {"material": user.download(job["material_url"])})
        assert np.array_equal(pictures.pixels(back.content), pictures.pixels(original))
        other_user.close()

    def test_of_another_picture_is_decryption_failed(self, user: User):
        jobs = [user.encrypt(pictures.as_png(pictures.make(40, 30)), quantum_purity="maximum") for _ in range(2)]
        files = {
            "encrypted_image": user.download(jobs[0]["result_url"]),
            "key_file": user.download(jobs[0]["key_file_url"]),
            "material": user.download(jobs[1]["material_url"]),
        }
        refused = user.http.post("/decrypt", files=files)
        assert (refused.status_code, refused.json()["code"]) == (400, "decryption-failed")

    def test_only_maximum_has_it(self, user: User):
        job = user.encrypt(pictures.as_png(pictures.make(40, 30)), quantum_purity="multistage")
        assert job["material_url"] is None
        assert user.http.get(f"/jobs/{job['job_id']}/material").status_code == 404
