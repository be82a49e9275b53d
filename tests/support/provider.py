"""An identity provider on loopback that can misbehave in every answer; it also plays GitHub's API."""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "imageshield", "s3cret:+/%"
ALGORITHM = "RS256"


@dataclass
class Answered:
    status: int
    document: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Person:
    """Who logs in at the provider, and what the provider says of them."""

    subject: str
    email: str | None = None
    email_verified: object = True
    claims: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def first_key() -> RSAKey:
    """Make the key of all providers once: it takes a tenth of a second."""
    return RSAKey.generate_key(2048, parameters={"kid": "first", "use": "sig"})


class Provider:
    """Answers as it must, unless a test sets a hook: each gets what would be sent, and returns what is sent."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = first_key()
        self.published = [self.key]
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.on_metadata: Callable[[dict], Any] = lambda document: document
        self.on_claims: Callable[[dict], dict] = lambda claims: claims
        self.on_header: Callable[[dict], dict] = lambda header: header
        self.on_token: Callable[[Answered], Answered] = lambda answer: answer
        self.on_userinfo: Callable[[dict], dict] = lambda claims: claims
        self.sign: Callable[[dict, dict], str] = self._sign
        self.emails: list[dict[str, Any]] = []
        self.number: object = 4711

    def visit(self, authorization_url: str, person: Person) -> dict[str, str]:
        """Log a person in as a browser would: return the query of the callback."""
        asked = dict(parse_qsl(urlsplit(authorization_url).query))
        code = secrets.token_urlsafe()
        self.codes[code] = asked | {"person": json.dumps(vars(person))}
        return {"state": asked["state"], "code": code, "iss": self.issuer}

    def count(self, path: str) -> int:
        return sum(1 for one, _ in self.requests if one == path)

    def answer(self, path: str, headers: dict[str, str], form: dict[str, str]) -> Answered:
        self.requests.append((path, form))
        known = {
            "/.well-known/openid-configuration": lambda: Answered(200, self.on_metadata(self._metadata())),
            "/keys": lambda: Answered(200, {"keys": [key.as_dict(private=False) for key in self.published]}),
            "/token": lambda: self.on_token(self._token(headers, form)),
            "/me": lambda: Answered(200, self.on_userinfo(self._claims_of(headers))),
            "/login/oauth/access_token": lambda: self.on_token(self._github_token(form)),
            "/api/v3/user": lambda: Answered(200, {"id": self.number, "login": "ada", "email": None}),
            "/api/v3/user/emails": lambda: Answered(200, self.emails),
        }
        return known[path]() if path in known else Answered(404, {"error": "not_found"})

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "claims_supported": ["sub", "email"],
        }

    def _token(self, headers: dict[str, str], form: dict[str, str]) -> Answered:
        given = base64.b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode().split(":")
        if [unquote_plus(one) for one in given] != [CLIENT, SECRET]:
            return Answered(401, {"error": "invalid_client"})
        asked = self._redeem(form)
        if asked is None:
            return Answered(400, {"error": "invalid_grant"})
        person = json.loads(asked["person"])
        token = f"access-{secrets.token_urlsafe()}"
        self.codes[token] = asked
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": person["subject"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": asked["nonce"],
            **({"auth_time": int(time.time())} if "max_age" in asked else {}),
            **({"email": person["email"], "email_verified": person["email_verified"]} if person["email"] else {}),
            **person["claims"],
        }
        header = self.on_header({"alg": ALGORITHM, "kid": self.key.kid})
        id_token = self.sign(header, self.on_claims(claims))
        return Answered(200, {"access_token": token, "token_type": "Bearer", "expires_in": 60, "id_token": id_token})

    def _github_token(self, form: dict[str, str]) -> Answered:
        """GitHub refuses with status 200."""
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET) or self._redeem(form) is None:
            return Answered(200, {"error": "bad_verification_code", "error_description": "<b>secret</b>"})
        return Answered(200, {"access_token": "gho_token", "token_type": "bearer", "scope": "user:email"})

    def _redeem(self, form: dict[str, str]) -> dict[str, str] | None:
        """Use a code up; it demands PKCE with S256 and the same redirect URI."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked.get("code_challenge_method") != "S256" or asked["code_challenge"] != challenge:
            return None
        return asked if form.get("redirect_uri") == asked["redirect_uri"] else None

    def _claims_of(self, headers: dict[str, str]) -> dict[str, Any]:
        asked = self.codes[headers["authorization"].removeprefix("Bearer ")]
        person = json.loads(asked["person"])
        return {"sub": person["subject"], "email": "userinfo@example.org", "email_verified": True}

    def _sign(self, header: dict, claims: dict) -> str:
        return jwt.encode(header, claims, self.key)


@contextmanager
def providing() -> Iterator[Provider]:
    """Run a provider on a thread."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answered = provider.answer(urlsplit(self.path).path, headers, form)
            body = answered.document if isinstance(answered.document, bytes) else json.dumps(answered.document).encode()
            self.send_response(answered.status)
            for name, value in {"Content-Length": str(len(body)), **answered.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
