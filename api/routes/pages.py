"""Pages for people: the manual, which asks nobody outside for anything, and what a problem's `type` leads to."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response

from api.errors import catalog
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
async def manual() -> Response:
    return FileResponse(PAGES / "manual.html", headers={"Cache-Control": "no-cache"})


@router.get("/docs/manual.js")
async def manual_script() -> Response:
    return FileResponse(PAGES / "manual.js", headers={"Cache-Control": "no-cache"})


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
async def manual_asset(name: str) -> Response:
    if name not in ASSETS:
        raise NotFound
    return FileResponse(_assets() / name, headers={"Cache-Control": "public, max-age=3600"})


@cache
def _assets() -> Path:
    """Find Swagger UI in the package that carries it; only its place is asked for, its code is not run."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "static"
