"""Pages for people: the reference of the API, loading nothing from outside, and the page of each problem's `type`."""

import re
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from string import Template

from fastapi import Request
from markdown_it import MarkdownIt
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from api.dependencies import CurrentSettings
from api.errors import catalog
from api.middleware.headers import PAGE_POLICY
from api.requests.origins import public_page_location
from api.routing import Router
from api.site.files import File
from backplane.errors import NotFound

PAGES = Path(__file__).resolve().parents[1] / "pages"
PROBLEMS = Path(__file__).resolve().parents[2] / "docs" / "problems"

OWN = frozenset({"manual.js", "mark.svg", "pages.css", "theme.js"})
SWAGGER = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})

router = Router(include_in_schema=False)


@router.get("/docs")
async def manual(request: Request, settings: CurrentSettings) -> Response:
    if location := public_page_location(request, settings):
        return RedirectResponse(location)
    return _read(PAGES / "manual.html", "no-cache").respond(request)


@router.get("/docs/problems")
async def problem_list(request: Request) -> Response:
    """Every code, with its page."""
    lines = (
        f"- [`{code}`](problems/{code}) · {status} · {title}\n" for code, (status, title) in sorted(catalog().items())
    )
    return _document(request, "Problems", "# Problems\n\n" + "".join(lines), docs=".")


@router.get("/docs/{name}")
async def page_part(request: Request, name: str) -> Response:
    if name not in OWN:
        raise NotFound
    return _read(PAGES / name, "no-cache").respond(request)


@router.get("/docs/assets/{name}")
async def manual_asset(request: Request, name: str) -> Response:
    if name not in SWAGGER:
        raise NotFound
    return _read(_assets() / name, "public, max-age=3600").respond(request)


@router.get("/docs/problems/{code}")
async def problem_page(request: Request, code: str) -> Response:
    """Every code has a page, also where the documents were not installed with the program: HTML for browsers."""
    known = catalog()
    if code not in known:
        raise NotFound
    status, title = known[code]
    page = PROBLEMS / f"{code}.md"
    text = page.read_text(encoding="utf-8") if page.is_file() else f"# {title}\n\n`{code}` · HTTP {status}\n"
    return _document(request, title, text, docs="..")


def _document(request: Request, title: str, text: str, *, docs: str) -> Response:
    """Answer with Markdown, as HTML for browsers; `docs` leads from its address to `/docs/`."""
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(text, headers={"Vary": "Accept"})
    policy = {"Content-Security-Policy": PAGE_POLICY, "Vary": "Accept"}
    return HTMLResponse(_template().substitute(docs=docs, title=escape(title), text=_render(text)), headers=policy)


def _render(text: str) -> str:
    """Write HTML. A link to another problem leads to its page; the other documents are not served."""
    text = re.sub(r"\]\(([a-z-]+)\.md\)", r"](\1)", text)
    return str(MarkdownIt("commonmark", {"html": False}).render(re.sub(r"\[([^\]]*)\]\(\.\./[^)]*\)", r"\1", text)))


@cache
def _read(path: Path, caching: str) -> File:
    return File.read(path, {"Cache-Control": caching})


@cache
def _template() -> Template:
    return Template((PAGES / "problem.html").read_text(encoding="utf-8"))


@cache
def _assets() -> Path:
    """Find Swagger UI in the package that carries it; only its place is asked for, its code is not run."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "static"
