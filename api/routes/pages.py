"""Pages for people: the manual, which loads nothing from outside, and the pages that a problem's `type` names."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import NotModifiedResponse

from api.dependencies import CurrentSettings
from api.errors import catalog
from api.requests.origins import public_page_location
from api.requests.ranges import demand_match, is_known
from api.routing import Router
from backplane.errors import NotFound

PAGES = Path(__file__).resolve().parents[1] / "pages"
PROBLEMS = Path(__file__).resolve().parents[2] / "docs" / "problems"

ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon.png"})

router = Router(include_in_schema=False)


@router.get("/")
async def root() -> Response:
    return RedirectResponse("/docs")


@router.get("/docs")
async def manual(request: Request, settings: CurrentSettings) -> Response:
    if location := public_page_location(request, settings):
        return RedirectResponse(location)
    return _page(request, PAGES / "manual.html", cache="no-cache")


@router.get("/docs/manual.js")
async def manual_script(request: Request) -> Response:
    return _page(request, PAGES / "manual.js", cache="no-cache")


@router.get("/docs/problems/{code}")
async def problem_page(code: str) -> Response:
    """Every code has a page, also where the documents were not installed with the program."""
    known = catalog()
    if code not in known:
        raise NotFound
    status, title = known[code]
    page = PROBLEMS / f"{code}.md"
    text = page.read_text(encoding="utf-8") if page.is_file() else f"# {title}\n\n`{code}` · HTTP {status}\n"
    return PlainTextResponse(text)


@router.get("/docs/assets/{name}")
async def manual_asset(request: Request, name: str) -> Response:
    if name not in ASSETS:
        raise NotFound
    return _page(request, _assets() / name, cache="public, max-age=3600")


def _page(request: Request, path: Path, *, cache: str) -> Response:
    page = FileResponse(path, headers={"Cache-Control": cache}, stat_result=path.stat())
    etag = page.headers["ETag"].strip('"')
    demand_match(request.headers, etag)
    return NotModifiedResponse(page.headers) if is_known(request.headers, etag) else page


@cache
def _assets() -> Path:
    """Find Swagger UI in the package that carries it; only its place is asked for, its code is not run."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "static"
