"""The manual page and its assets."""

import re

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


class TestManual:
    async def test_loads_nothing_from_other_hosts(self, client):
        page = await client.get("/docs")
        script = await client.get("/docs/manual.js")
        assert page.headers["Content-Type"].startswith("text/html")
        for text in (page.text, script.text):
            assert not re.search(r"//[a-z]", text.replace("// Without", ""))
        assert "validatorUrl: null" in script.text

    async def test_has_no_inline_script_or_style(self, client):
        page = (await client.get("/docs")).text
        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", page) == []

    async def test_everything_it_names_is_there(self, client):
        page = (await client.get("/docs")).text
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(addresses) == 5
        for address in addresses:
            assert (await client.get(f"/{address}")).status_code == 200, address

    async def test_assets_have_their_types(self, client):
        styles = await client.get("/docs/assets/swagger-ui.css")
        scripts = await client.get("/docs/assets/swagger-ui-bundle.js")
        assert styles.headers["Content-Type"].startswith("text/css")
        assert "javascript" in scripts.headers["Content-Type"]

    @pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2f..%2f__init__.py", "x", "%2e%2e%2f"])
    async def test_no_other_asset_is_given_out(self, client, name):
        assert (await client.get(f"/docs/assets/{name}")).status_code == 404

    @pytest.mark.parametrize(
        "path", ["/docs", "/docs/manual.js", "/docs/assets/swagger-ui.css", "/docs/assets/favicon.png"]
    )
    async def test_known_etag_is_304(self, client, path):
        page = await client.get(path)
        etag = page.headers["ETag"]
        for method in ("GET", "HEAD"):
            for known in (etag, f'"a", W/{etag}', "*"):
                again = await client.request(method, path, headers={"If-None-Match": known})
                assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
                assert again.headers["Cache-Control"] == page.headers["Cache-Control"]
                assert "Content-Length" not in again.headers
            assert (await client.request(method, path, headers={"If-None-Match": '"other"'})).status_code == 200
            other = await client.request(method, path, headers={"If-Match": '"other"'})
            assert other.status_code == 412
            assert (await client.request(method, path, headers={"If-Match": etag})).status_code == 200

    async def test_the_root_leads_to_it(self, client):
        response = await client.get("/")
        assert (response.status_code, response.headers["Location"]) == (307, "/docs")

    @pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
    async def test_the_frameworks_own_pages_are_not_there(self, client, path):
        assert (await client.get(path)).status_code == 404
