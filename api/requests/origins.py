"""Where requests of pages come from: the pages of this service, at the address that its operator gave it."""

from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from fastapi import Depends, Request

from api.dependencies import CurrentSettings
from backplane.errors import OriginNotAllowed
from backplane.settings import DEFAULT_PORTS, Settings

HEADER = "X-CSRF"
OWN_PAGE_HEADER: dict[str, Any] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": True,
            "description": "Always `1`. No form and no link can send it, and pages of other origins may not.",
            "schema": {"type": "string", "enum": ["1"]},
        }
    ]
}
"""For the OpenAPI document of the routes that demand `OwnPage`."""

PATH = "/:@!$&'()*+,;=~"
QUERY = PATH + "?%"
"""The characters of RFC 3986, sections 3.3 and 3.4: anything else is encoded, line breaks among it."""

WITHOUT_PAGES = ("/api/", "/ws/", "/.well-known/", "/health", "/ready", "/metrics", "/openapi.json")


def demand_own_page(request: Request, settings: CurrentSettings) -> None:
    """Refuse a request that was not made by a script of a listed origin: it may be forged by another site.

    Raises:
        OriginNotAllowed: `Origin` is missing, there twice, `null` or not listed, or `X-CSRF` is not 1.
    """
    origins = request.headers.getlist("origin")
    if len(origins) != 1 or origins[0] not in settings.origins:
        raise OriginNotAllowed(_where_to_go(settings))
    if request.headers.getlist(HEADER) != ["1"]:
        raise OriginNotAllowed(f"Send the header {HEADER}: 1")


OwnPage = Depends(demand_own_page)


def public_page_location(request: Request, settings: Settings) -> str | None:
    """Return where a page is to be fetched instead, or None if it is here.

    During development a browser may open the service by a loopback address. It would keep the session of
    `http://127.0.0.1:8000` apart from that of `http://localhost:8000`, so it is sent to `PUBLIC_URL`. Production leaves
    such redirects to the proxy, and probes of a load balancer alone.
    """
    if settings.environment == "production" or settings.public_url is None or not _is_for_a_page(request):
        return None
    public = urlsplit(settings.public_url)
    try:
        here = urlsplit(f"{public.scheme}://{request.headers.get('host', '')}")
        if here.netloc == public.netloc or not _is_loopback(here.hostname) or _port(here) != _port(public):
            return None
    except ValueError:  # no host, or no port
        return None
    query = quote(request.scope["query_string"], safe=QUERY)
    return settings.public_url + quote(request.scope["path"], safe=PATH) + (f"?{query}" if query else "")


def _is_for_a_page(request: Request) -> bool:
    wanted = request.headers.get("accept", "")
    return (
        request.method in {"GET", "HEAD"}
        and "text/html" in wanted
        and not request.scope["path"].startswith(WITHOUT_PAGES)
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _port(address: SplitResult) -> int:
    return address.port or DEFAULT_PORTS[address.scheme]


def _where_to_go(settings: Settings) -> str:
    if settings.public_url is None:
        return (
            "Sessions are for pages of PUBLIC_URL, which is not set, and of ALLOWED_ORIGINS; programs use /auth/token"
        )
    return f"Sessions are for pages of {settings.public_url} and of ALLOWED_ORIGINS; programs use /auth/token"
