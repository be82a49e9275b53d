"""The build of the web console: its files, its pages, and the page that stands in when there is no build."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from api.site.files import ENCODINGS, File

BUILD: Final = Path(__file__).resolve().parents[1] / "console"
"""Where scripts/build_console.py puts the build, and where the wheel and the image have it."""

MISSING: Final = Path(__file__).resolve().parents[1] / "pages" / "missing.html"
SHELL: Final = "index.html"
ROUTES: Final = "routes.json"
OPENER: Final = "open.html"

FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
"""For files whose name has the hash of their content."""
ASK_AGAIN: Final = "no-cache"
"""For files that keep their name over releases: a browser asks whether its copy is current."""

NO_PAGES: Final = frozenset(
    {"api", "ws", "docs", "assets", ".well-known", "openapi.json", "health", "ready", "metrics", "redoc"}
)
"""First segments of addresses for programs. What is missing below them is answered with a problem document."""


@dataclass(frozen=True, slots=True)
class Page:
    """An address, or a pattern of addresses, that the console shows a page for."""

    pattern: re.Pattern[str]
    indexed: bool
    """Whether a search engine may list it."""

    @classmethod
    def parse(cls, route: Mapping[str, Any]) -> Self:
        """Read an entry of `routes.json`: `{"path": "/jobs/:job", "index": false}`."""
        segments = [r"[^/]+" if one.startswith(":") else re.escape(one) for one in route["path"].split("/")]
        return cls(re.compile("/".join(segments)), bool(route["index"]))


@dataclass(frozen=True, slots=True)
class Found:
    """What an address of the console is answered with."""

    file: File
    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Console:
    """What was built. Its address table is complete: no request reaches the file system."""

    files: Mapping[str, File]
    shell: File
    pages: tuple[Page, ...]
    built: bool

    @classmethod
    def read(cls, build: Path = BUILD) -> Self:
        if not (build / SHELL).is_file():
            front = Page(re.compile("/"), indexed=False)
            return cls({}, File.read(MISSING, {"Cache-Control": "no-store"}), (front,), built=False)
        kept = [path for path in build.rglob("*") if path.is_file() and path.suffix not in ENCODINGS.values()]
        named = {path.relative_to(build).as_posix(): path for path in kept}
        routes = json.loads(named.pop(ROUTES).read_text(encoding="utf-8"))
        shell = File.read(named.pop(SHELL), {"Cache-Control": ASK_AGAIN})
        files = {f"/{name}": _read(name, path) for name, path in named.items()}
        return cls(files, shell, tuple(map(Page.parse, routes)), built=True)

    def find(self, path: str) -> Found | None:
        """Find the file or the page of an address."""
        if path in self.files:
            return Found(self.files[path], 200, {})
        page = next((page for page in self.pages if page.pattern.fullmatch(path)), None)
        if page is None:
            return None
        return Found(self.shell, 200, {} if page.indexed else {"X-Robots-Tag": "noindex"})

    def find_missing(self, path: str, accept: str) -> Found | None:
        """Find the page for an address that has none; None if a program asks, or the address is one for programs."""
        if path.removeprefix("/").partition("/")[0] in NO_PAGES or "text/html" not in accept.lower():
            return None
        return Found(self.shell, 404, {"X-Robots-Tag": "noindex", "Cache-Control": "no-store"})


def _read(name: str, path: Path) -> File:
    headers = {"Cache-Control": FOR_A_YEAR if name.startswith("assets/") else ASK_AGAIN}
    if name == OPENER:
        headers["Content-Disposition"] = f'attachment; filename="{OPENER}"'
    return File.read(path, headers)
