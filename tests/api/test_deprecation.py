"""Deprecation of routes and parameters, on an application that has some: the service has none today."""

from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from fastapi import FastAPI, Header

from api import errors
from api.app import create_app
from api.deprecation import Deprecation, deprecated, deprecation_of
from api.openapi.document import customize
from api.routing import Router
from backplane.errors import NotFound

pytestmark = pytest.mark.anyio

SINCE, SUNSET = datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
PAGE = "/docs/versions"
HEADERS = {
    "deprecation": "@1798761600",
    "sunset": "Sat, 01 Jan 2028 00:00:00 GMT",
    "link": f'<{PAGE}>; rel="deprecation"; type="text/html", <{PAGE}>; rel="sunset"; type="text/html"',
}

router = Router()


@router.get("/api/old")
@deprecated(since=SINCE, sunset=SUNSET, page=PAGE)
async def old() -> dict[str, bool]:
    return {"ok": True}


@router.get("/api/old/{name}")
@deprecated(since=SINCE, sunset=SUNSET, page=PAGE)
async def old_and_missing(name: str) -> None:
    raise NotFound


@router.get("/api/some")
@deprecated(since=SINCE, sunset=SUNSET, page=PAGE, parameters=frozenset({"page", "X-Old"}))
async def some(page: int = 1, limit: int = 2, x_old: str | None = Header(None)) -> dict[str, bool]:
    return {"ok": True}


@router.get("/api/new")
async def new() -> dict[str, bool]:
    return {"ok": True}


@pytest.fixture
def app():
    app = FastAPI(generate_unique_id_function=lambda route: route.name)
    errors.install(app)
    app.include_router(router)
    return app


@pytest.fixture
async def client(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as http:
        yield http


def told(response):
    return {name: response.headers.get(name) for name in HEADERS}


class TestHeaders:
    @pytest.mark.parametrize(("method", "path"), [("GET", "/api/old"), ("HEAD", "/api/old"), ("GET", "/api/old?x=1")])
    async def test_deprecated_route_says_so(self, client, method, path):
        assert told(await client.request(method, path)) == HEADERS

    async def test_problem_says_so_too(self, client):
        response = await client.get("/api/old/x")
        assert response.status_code == 404
        assert told(response) == HEADERS

    @pytest.mark.parametrize(
        ("path", "headers", "said"),
        [
            ("/api/some", {}, False),
            ("/api/some?limit=3", {}, False),
            ("/api/some?page=3", {}, True),
            ("/api/some?page=", {}, True),
            ("/api/some", {"x-old": "1"}, True),
            ("/api/some?x=page", {}, False),
        ],
    )
    async def test_deprecated_parameter_says_so_where_used(self, client, path, headers, said):
        assert told(await client.get(path, headers=headers)) == (HEADERS if said else dict.fromkeys(HEADERS))

    async def test_others_say_nothing(self, client):
        assert told(await client.get("/api/new")) == dict.fromkeys(HEADERS)


class TestDocument:
    def test_marks_routes_and_parameters(self, app, monkeypatch):
        for step in ("_add_examples", "describe"):
            monkeypatch.setattr(f"api.openapi.document.{step}", lambda _: None)
        paths = customize(app)["paths"]
        assert paths["/api/old"]["get"]["deprecated"] is True
        assert "deprecated" not in paths["/api/new"]["get"]
        assert "deprecated" not in paths["/api/some"]["get"]
        parameters = {one["name"]: one.get("deprecated", False) for one in paths["/api/some"]["get"]["parameters"]}
        assert parameters == {"page": True, "limit": False, "x-old": True}

    def test_nothing_of_this_release_is_deprecated(self):
        assert '"deprecated"' not in str(create_app().openapi()).replace("'", '"')


class TestDeprecation:
    def test_needs_time_zones_and_an_order(self):
        for since, sunset in ((SUNSET, SINCE), (SINCE.replace(tzinfo=None), SUNSET), (SINCE, SINCE)):
            with pytest.raises(ValueError, match="two moments"):
                Deprecation(since, sunset, PAGE)

    def test_other_time_zone_is_written_in_gmt(self, app):
        sunset = datetime(2028, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
        headers = httpx.Headers()

        class Sink(dict):
            def append(self, name, value):
                headers[name] = value

        sink = Sink()
        Deprecation(SINCE, sunset, PAGE).write(sink)
        assert sink["Sunset"] == HEADERS["sunset"]

    def test_unmarked_endpoint_has_none(self):
        assert deprecation_of(new) is None
        assert deprecation_of(None) is None
