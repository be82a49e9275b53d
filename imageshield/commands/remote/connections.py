"""Requests to a service: JSON over HTTP, without redirects, and refusals as failures of the command."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from imageshield.terminal.failures import Failure, usage

TIMEOUT_SECONDS: Final = 60
MAX_ANSWER: Final = 1_048_576
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follow none: a redirect would send the credential to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_NoRedirects)


def read_server(text: str) -> str:
    """Write a service's address as an origin.

    Raises:
        Failure: it is no address, or one over which a password would travel unencrypted.
    """
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in {"http", "https"} or parts.username or parts.path.strip("/") or parts.query:
        raise usage("the server is a scheme, a host and at most a port, such as https://images.example")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise usage("http would send the credential unencrypted: use https, or an address of this machine")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}:{port}" if port else f"{parts.scheme}://{name}"


class Connection:
    """A service, and the credential that is sent to it."""

    def __init__(self, server: str, **headers: str) -> None:
        self.server = server
        self._headers = headers

    def get(self, path: str) -> dict[str, Any]:
        return self._send("GET", path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._send("POST", path, json.dumps(body or {}).encode(), "application/json")

    def post_form(self, path: str, fields: Mapping[str, str]) -> dict[str, Any]:
        return self._send("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def _send(self, method: str, path: str, body: bytes | None = None, media_type: str = "") -> dict[str, Any]:
        """Send one request and return the JSON of its answer.

        Raises:
            Failure: the service refuses, or does not answer.
        """
        headers = self._headers | ({"Content-Type": media_type} if media_type else {})
        request = urllib.request.Request(self.server + path, data=body, headers=headers, method=method)  # noqa: S310 - `read_server` allows http and https only
        try:
            with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return _object(answer.read(MAX_ANSWER))
        except urllib.error.HTTPError as refusal:
            raise _refused(refusal) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
            raise Failure("server-unreachable", "The server does not answer", f"{self.server}: {reason}") from None


def _refused(refusal: urllib.error.HTTPError) -> Failure:
    found = _object(refusal.read(MAX_ANSWER))
    code, title = found.get("code"), found.get("title")
    if not isinstance(code, str) or not isinstance(title, str):
        detail = f"it answered {refusal.code}, and not as an ImageShield service"
        return Failure("server-unknown", "This is no ImageShield service", detail)
    return Failure(code, title, str(found.get("detail") or ""))


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data) if data else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
