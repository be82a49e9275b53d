"""The pages that the gateway has of its own: the reference of the API, its parts, and the problem pages."""

import re

import pytest

from api.errors import catalog

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


class TestManual:
    async def test_loads_nothing_from_other_hosts(self, client):
        page = await client.get("/docs")
        script = await client.get("/docs/manual.js")
        assert page.headers["Content-Type"].startswith("text/html")
        for text in (page.text, script.text):
            assert not re.search(r"//[a-z]", text.replace("// Without", ""))
        assert "validatorUrl: null" in script.text

    async def test_knows_what_the_document_uses(self, client):
        """manual.js turns the document into OpenAPI 3.0 for Swagger UI, and knows these words of 3.1."""
        unknown = {"$defs", "contentMediaType", "exclusiveMaximum", "if", "patternProperties", "prefixItems"}

        def words(part):
            if isinstance(part, dict):
                assert not isinstance(part.get("type"), list)
                yield from part
                for value in part.values():
                    yield from words(value)
            elif isinstance(part, list):
                for value in part:
                    yield from words(value)

        assert set(words((await client.get("/openapi.json")).json())) & unknown == set()

    async def test_has_no_inline_script_or_style(self, client):
        page = (await client.get("/docs")).text
        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", page) == []

    async def test_everything_it_names_is_there(self, client):
        page = (await client.get("/docs")).text
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
        assert len(addresses) == 11
        for address in set(addresses) - {"."}:  # the console, in its own tests
            assert (await client.get(f"/{address}")).status_code == 200, address

    async def test_assets_have_their_types(self, client):
        styles = await client.get("/docs/assets/swagger-ui.css")
        scripts = await client.get("/docs/assets/swagger-ui-bundle.js")
        assert styles.headers["Content-Type"].startswith("text/css")
        mark = await client.get("/docs/mark.svg")
        assert "javascript" in scripts.headers["Content-Type"]
        assert mark.headers["Content-Type"] == "image/svg+xml"

    @pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2f..%2f__init__.py", "x", "%2e%2e%2f"])
    async def test_no_other_asset_is_given_out(self, client, name):
        assert (await client.get(f"/docs/assets/{name}")).status_code == 404

    @pytest.mark.parametrize("path", ["/docs", "/docs/manual.js", "/docs/assets/swagger-ui.css", "/docs/mark.svg"])
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

    @pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect", "/docs/manual.html"])
    async def test_the_frameworks_own_pages_are_not_there(self, client, path):
        assert (await client.get(path)).status_code == 404


class TestProblemPage:
    async def test_browser_gets_a_page_in_the_look(self, client):
        page = await client.get("/docs/problems/gone", headers=HTML)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Accept" in page.headers["Vary"].split(", ")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "<h1>The object is no longer kept</h1>" in page.text
        for address in re.findall(r'(?:src|href)="\.\./([^"./]+\.[a-z]+)"', page.text):
            assert (await client.get(f"/docs/{address}")).status_code == 200, address

    async def test_links_lead_to_pages_that_are_there(self, client, monkeypatch, tmp_path):
        (tmp_path / "gone.md").write_text("# T\n\n[one](not-found.md), [two](../reference/api.md#x), <b>no</b>\n")
        monkeypatch.setattr("api.routes.pages.PROBLEMS", tmp_path)
        text = (await client.get("/docs/problems/gone", headers=HTML)).text
        assert '<p><a href="not-found">one</a>, two, &lt;b&gt;no&lt;/b&gt;</p>' in text

    async def test_list_leads_to_every_page(self, client):
        answer = await client.get("/docs/problems", headers=HTML)
        addresses = {str(answer.url.join(link)) for link in re.findall(r'(?:src|href)="([^"]+)"', answer.text)}
        pages = {address for address in addresses if "/docs/problems/" in address}
        assert {address.rpartition("/")[2] for address in pages} == set(catalog())
        for address in addresses - pages - {str(client.base_url)}:
            assert (await client.get(address)).status_code == 200, address
        text = (await client.get("/docs/problems")).text
        assert "- [`gone`](problems/gone) · 410 · The object is no longer kept\n" in text

    @pytest.mark.parametrize("code", ["nothing", "..%2f..%2fREADME"])
    async def test_unknown_code_is_a_problem_document(self, client, code):
        answer = await client.get(f"/docs/problems/{code}", headers=HTML)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
