"""Every vector of the format, decrypted or refused by the engine in TypeScript, in the browsers of this machine."""

import base64
import os

import pytest

from tests.support import engine_page
from tests.support.stack import ROOT
from tests.vectors.reading import FOLDERS, read

VECTORS = ROOT / "tests" / "vectors"


def encoded(folder):
    return {path.stem: base64.b64encode(path.read_bytes()).decode() for path in sorted(folder.glob("*.vector"))}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    if not engine_page.BUNDLER.exists():
        if os.environ.get("REQUIRE_CONSOLE"):
            pytest.fail("run `npm ci`: the page of the engine cannot be built")
        pytest.skip("the page of the engine is built with npm's packages, which are not installed")
    folder = tmp_path_factory.mktemp("page")
    engine_page.build(folder)
    return folder


@pytest.fixture(params=sorted(engine_page.BROWSERS))
def browser(request):
    if engine_page.find(request.param) is None:
        if os.environ.get("REQUIRE_BROWSER") and request.param == "chromium":
            pytest.fail("install chromium: the engine must run in it")
        pytest.skip(f"{request.param} is not installed")
    return request.param


@pytest.mark.slow
class TestVectors:
    def test_have_the_outcome_they_expect(self, page, browser):
        vectors = {folder: encoded(VECTORS / folder) for folder in FOLDERS}
        (answer,), _ = engine_page.perform(browser, page, [{"kind": "vectors", "vectors": vectors}])
        assert "error" not in answer
        assert answer["value"].keys() == {f"{folder}/{name}" for folder in FOLDERS for name in vectors[folder]}
        for name, outcome in answer["value"].items():
            lines = read(VECTORS / f"{name}.vector").fields
            said = {key: lines[key] for key in ("expect", "payload", "file") if key in lines}
            assert {**outcome, **said} == outcome, name
