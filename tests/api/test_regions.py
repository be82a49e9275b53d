"""Encrypted regions through the gateway: accepted rectangles, refusals before a job exists, and the job's fields."""

import json

import pytest

from shield_core.image.regions import MAX_TEXT
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ENCRYPT = "/api/v1/encrypt"
PNG = pictures.as_png(pictures.make(100, 80))
CANARY = "canary-Zx9!-secret"


def region(x, y, width, height):
    return {"x": x, "y": y, "width": width, "height": height}


async def submit(user, regions, data=PNG, **form):
    text = regions if isinstance(regions, str) else json.dumps(regions)
    return await user.http.post(ENCRYPT, files={"image": ("scan.png", data)}, data={"regions": text} | form)


class TestAccepted:
    async def test_the_job_shows_them_sorted_with_their_share(self, ada):
        job = (await submit(ada, [region(50, 0, 50, 40), region(0, 0, 100, 40), region(0, 40, 10, 10)])).json()
        assert job["regions"] == [region(0, 0, 100, 40), region(50, 0, 50, 40), region(0, 40, 10, 10)]
        assert job["share_encrypted"] == pytest.approx(4100 / 8000)
        assert job["warnings"] == []
        assert (await ada.job(job["job_id"]))["regions"] == job["regions"]

    async def test_without_them_all_of_the_picture_is_encrypted(self, ada):
        job = await ada.job(await ada.encrypt(PNG))
        assert (job["regions"], job["share_encrypted"]) == ([], 1.0)

    async def test_a_decryption_has_none(self, ada):
        job = await ada.job(await ada.decrypt())
        assert (job["regions"], job["share_encrypted"]) == ([], None)

    async def test_jpeg_with_regions_is_accepted(self, ada):
        """Without regions, `auto` chooses the layout `file` for a JPEG."""
        assert (await submit(ada, [region(0, 0, 80, 64)], pictures.as_jpeg(pictures.make(100, 80)))).status_code == 202

    async def test_answer_has_the_warnings(self, ada):
        turned = pictures.with_exif(pictures.make(100, 80), "JPEG", orientation=6)
        job = (await submit(ada, [region(0, 0, 8, 8)], turned)).json()
        assert job["warnings"] == ["region-small", "orientation-not-applied"]

    async def test_sixty_four_of_them_however_they_are_indented(self, ada):
        regions = [region(12 * (i % 8), 10 * (i // 8), 12, 10) for i in range(64)]
        text = json.dumps(regions, indent=4)
        assert 4096 < len(text) < MAX_TEXT
        assert (await submit(ada, text)).json()["share_encrypted"] == pytest.approx(0.96)


class TestRefused:
    async def assert_refused(self, user, code, regions, data=PNG, **form):
        response = await submit(user, regions, data, **form)
        assert (response.status_code, response.json()["code"]) == (422, code), response.text
        assert CANARY not in response.text
        assert (await user.http.get("/api/v1/jobs")).json()["data"] == []
        return response.json()

    @pytest.mark.parametrize(
        ("regions", "detail"),
        [
            ([region(90, 0, 11, 1)], "the region 90,0,11,1 reaches outside the picture of 100 by 80 pixels"),
            ([region(0, -1, 1, 1)], "the region 0,-1,1,1 reaches outside"),
            ([region(0, 0, 0, 1)], "the region 0,0,0,1 is empty"),
            ([region(1, 1, 2, 2)] * 2, "the region 1,1,2,2 is given twice"),
            ([region(i, i, 1, 1) for i in range(65)], "1 to 64"),
            ([], "1 to 64"),
            ({}, "1 to 64"),
            ("", "not JSON"),
            (CANARY, "not JSON"),
            ([CANARY], "number 1 is no region"),
            ([region(0, 0, 1, 1) | {CANARY: 1}], "number 1 is no region"),
            ([region(0, 0, 1, 1), region(CANARY, 0, 1, 1)], "number 2 is no region"),
            ([region(0, 0, 1.5, 1)], "whole numbers"),
            ([region(0, 0, True, 1)], "whole numbers"),
        ],
    )
    async def test_rectangles_that_do_not_fit(self, ada, regions, detail):
        assert detail in (await self.assert_refused(ada, "region-invalid", regions))["detail"]

    async def test_more_text_than_64_rectangles_take(self, ada):
        error = await self.assert_refused(ada, "validation-failed", "[" + " " * MAX_TEXT + "]")
        assert error["errors"][0]["field"] == "regions"

    async def test_beside_the_layout_file(self, ada):
        await self.assert_refused(ada, "region-invalid", [region(0, 0, 9, 9)], layout="file")

    @pytest.mark.parametrize("picture", [pictures.palette(100, 80), pictures.cmyk(100, 80)], ids=["palette", "cmyk"])
    async def test_picture_without_exact_pixels(self, ada, picture):
        error = await self.assert_refused(ada, "layout-not-exact", [region(0, 0, 9, 9)], picture)
        assert "without regions" in error["detail"]
