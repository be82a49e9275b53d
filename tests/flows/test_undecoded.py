"""Files that the product cannot decode, and losses that a caller asks for, through the running system."""

import struct

import pytest

from tests.support import other_pictures, pictures
from tests.support.users import User
from tests.vectors.undecoded import GIF

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def decrypt_job(user: User, encrypted: bytes, key_file: bytes) -> dict:
    files = {"encrypted_image": ("noise.png", encrypted), "key_file": ("key.qkey", key_file)}
    response = user.http.post("/decrypt", files=files, headers={"Prefer": "wait=30"})
    assert response.status_code == 200, response.text
    return response.json()


class TestUndecoded:
    @pytest.mark.parametrize("name", ["heic", "gif", "dng", "jxl in boxes", "tiff of 14 bits"])
    def test_comes_back_byte_for_byte(self, user: User, name: str):
        data, media_type, width, height = other_pictures.OTHERS[name]
        job = user.encrypt(data, name="photo.bin", analyze="true")
        assert (job["status"], job["layout"], job["analysis_url"]) == ("completed", "file", None)
        assert set(job["warnings"]) == {"not-decoded", "analysis-not-possible"}
        image = {"format": "OTHER", "media_type": media_type, "mode": None, "width": width, "height": height}
        assert job["image"] == image | {"bytes": len(data)}
        back = user.decrypt(user.download(job["result_url"]))
        assert (back.content, back.headers["Content-Type"]) == (data, media_type)
        assert back.headers["Content-Disposition"].startswith("attachment")

    def test_unknown_size_is_null(self, user: User):
        job = user.encrypt(other_pictures.cr3())
        assert (job["image"]["width"], job["image"]["height"]) == (None, None)

    @pytest.mark.parametrize("form", [{"layout": "pixels"}, {"regions": '[{"x":0,"y":0,"width":1,"height":1}]'}])
    def test_has_no_pixels(self, user: User, form: dict):
        response = user.http.post("/encrypt", files={"image": ("a.heic", other_pictures.heif())}, data=form)
        assert (response.status_code, response.json()["code"]) == (422, "layout-not-exact")
        assert "a HEIC picture" in response.json()["detail"]

    def test_svg_refused_with_reason(self, user: User):
        response = user.http.post("/encrypt", files={"image": ("a.png", other_pictures.REFUSED["SVG"])})
        assert (response.status_code, response.json()["code"]) == (415, "unsupported-format")
        assert "an SVG drawing, which is a program" in response.json()["detail"]

    def test_cannot_be_measured(self, user: User):
        files = {"original": ("a.gif", GIF), "encrypted": ("b.png", pictures.as_png(pictures.make(2, 2)))}
        response = user.http.post("/analyze", files=files)
        assert (response.status_code, response.json()["code"]) == (415, "unsupported-format")
        assert "a GIF" in response.json()["detail"]


class TestDetail:
    def test_failed_job_says_what_was_wrong(self, user: User):
        data = pictures.as_jpeg(pictures.make(300, 200))
        job = user.encrypt(data[: len(data) // 2])
        assert job["error"] == {
            "code": "image-corrupt",
            "title": "The image is damaged",
            "detail": "the JPEG is cut off in its pixels",
        }


class TestLosses:
    def test_own_decryption_repeats_them(self, user: User):
        data = pictures.gray_tiff("<", [(33550, 12, 3, struct.pack("<3d", 1, 2, 3))])
        job = user.encrypt(data, layout="pixels")
        assert job["warnings"] == ["metadata-dropped"]
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        assert decrypt_job(user, encrypted, key_file)["warnings"] == ["metadata-dropped"]

    def test_other_account_gets_another_warning(self, user: User, system):
        job = user.encrypt(pictures.as_png(pictures.make()), layout="pixels")
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        assert decrypt_job(user, encrypted, key_file)["warnings"] == []
        other = User(system.url)
        assert decrypt_job(other, encrypted, key_file)["warnings"] == ["not-byte-identical"]
        other.close()

    def test_auto_layout_keeps_the_georeference(self, user: User):
        data = pictures.gray_tiff("<", [(33550, 12, 3, struct.pack("<3d", 1, 2, 3))])
        job = user.encrypt(data)
        assert (job["layout"], job["warnings"]) == ("file", [])
        assert "33550" in job["layout_reason"]
        assert user.decrypt(user.download(job["result_url"])).content == data
