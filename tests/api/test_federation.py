"""Log-in by identity providers: the flow with a provider that misbehaves, linking, confirmation, and GitHub."""

import asyncio
import base64
import hmac
import json
import re
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import httpx
import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey
from sqlalchemy import text

from backplane.errors import AccountSuspended, Unavailable
from backplane.services.identity.federation import discovery, signing_key_sets
from backplane.services.identity.federation.authorizations import Secrets
from tests.api.conftest import COUNTER, PASSWORD, opened
from tests.support.provider import CLIENT, SECRET, Answered, Person, providing

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

AUTH, SESSION = "/api/v1/auth", "/api/v1/auth/session"
PAGE = "http://localhost:8000"
OWN = {"Origin": PAGE, "X-CSRF": "1"}
TABLE = """
[[providers]]
id = "acme"
name = "Acme"
issuer = "{issuer}"
client_id = "imageshield"
client_secret_file = "{secret}"
networks = ["127.0.0.0/8"]
{more}
[[providers]]
id = "hub"
name = "Hub"
kind = "github"
issuer = "{github}"
client_id = "imageshield"
client_secret_file = "{secret}"
networks = ["127.0.0.0/8"]
{github_more}
"""
SUSPEND = text("UPDATE users SET suspended_at = now() WHERE email = :email")
FORGET_PASSWORD = text("UPDATE users SET password_hash = NULL WHERE email = :email")
OLD_PROOF = text(
    "UPDATE login_sessions SET auth_time = now() - interval '1 hour' WHERE user_id = "
    "(SELECT id FROM users WHERE email = :email)"
)
USER = text("SELECT id, password_hash, operator, email_verified_at FROM users WHERE email = :email")
OF_ACCOUNT = text("SELECT action, outcome FROM audit_events WHERE account_id = :account")
ENTRIES = text("SELECT action, outcome, details FROM audit_events WHERE action = :action ORDER BY id DESC LIMIT 1")


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    return True


def unique(name="person"):
    return f"{name}{next(COUNTER)}@example.com"


@dataclass
class Visitor:
    """A browser with its cookies, and an access token in the memory of its page."""

    http: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)
    token: str | None = None

    async def post(self, path, body=None, *, headers=OWN, authorized=True):
        sent = dict(headers)
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token and authorized:
            sent["Authorization"] = f"Bearer {self.token}"
        response = await self.http.post(path, json=body, headers=sent)
        self.http.cookies.clear()  # the cookies are those of the visitor alone
        for header in response.headers.get_list("set-cookie"):
            name, value = re.match(r"([^=]+)=([^;]*)", header).groups()
            self.cookies[name] = value
        return response

    async def start(self, provider="acme", purpose="login", **body):
        return await self.post(f"{AUTH}/oidc/{provider}/start", {"purpose": purpose, **body})

    async def url(self, provider="acme", purpose="login", **body):
        response = await self.start(provider, purpose, **body)
        assert response.status_code == 200, response.text
        return response.json()["authorization_url"]

    async def finish(self, answer, provider="acme", **options):
        response = await self.post(f"{AUTH}/oidc/{provider}/finish", answer, authorized=False, **options)
        if response.status_code == 200 and response.json()["access_token"]:
            self.token = response.json()["access_token"]
        return response

    async def come(self, provider, person, *, at="acme", purpose="login", **body):
        """Go to the provider and come back."""
        answer = provider.visit(await self.url(at, purpose, **body), person)
        if at == "hub":  # GitHub does not name itself
            del answer["iss"]
        return await self.finish(answer, at)

    async def log_in(self, email):
        response = await self.post(SESSION, {"email": email, "password": PASSWORD})
        assert response.status_code == 200
        self.token = response.json()["access_token"]

    async def me(self):
        return (await self.http.get("/api/v1/me", headers={"Authorization": f"Bearer {self.token}"})).json()

    async def identities(self):
        response = await self.http.get(f"{AUTH}/identities", headers={"Authorization": f"Bearer {self.token}"})
        return response.json()["data"]

    async def unlink(self, identity):
        headers = {"Authorization": f"Bearer {self.token}"}
        return await self.http.delete(f"{AUTH}/identities/{identity}", headers=headers)


@pytest.fixture
def provider():
    with providing() as running:
        yield running


@pytest.fixture
def hub():
    with providing() as running:
        yield running


@pytest.fixture
async def open_gateway(configure):
    """Open gateways that know the two providers."""
    async with AsyncExitStack() as stack:

        async def start(more="", github_more="", **settings):
            return await stack.enter_async_context(opened(configure(more, github_more, **settings)))

        yield start


@pytest.fixture
def configure(gateway_settings, provider, hub, tmp_path):
    """Write a file of the two providers, which may have more lines; return settings with it."""

    def write(more="", github_more="", **settings):
        (tmp_path / "secret").write_text(SECRET + "\n")
        table = TABLE.format(
            issuer=provider.issuer, github=hub.issuer, secret=tmp_path / "secret", more=more, github_more=github_more
        )
        (tmp_path / "providers.toml").write_text(table)
        file = {"oidc_providers_file": tmp_path / "providers.toml", "public_url": PAGE}
        return gateway_settings(**(file | settings))

    return write


@pytest.fixture
async def site(open_gateway, ada):
    """A gateway that has users already."""
    return await open_gateway()


@pytest.fixture
async def browse(site):
    """Make browsers."""
    async with AsyncExitStack() as stack:

        async def browser(gateway=site):
            return Visitor(await stack.enter_async_context(gateway.client()))

        yield browser


@pytest.fixture
async def visitor(browse):
    return await browse()


@pytest.fixture
def sql(site):
    async def execute(statement, **values):
        async with site.services.resources.database.transaction() as session:
            result = await session.execute(statement, values)
            return result.all() if result.returns_rows else []

    return execute


class TestProviders:
    async def test_are_listed_without_anything_secret(self, site, client):
        async with site.client() as http:
            response = await http.get(f"{AUTH}/providers")
        assert response.json()["data"] == [
            {"id": "acme", "name": "Acme", "registration": True, "confirms": True},
            {"id": "hub", "name": "Hub", "registration": True, "confirms": False},
        ]
        assert (await client.get(f"{AUTH}/providers")).json() == {"data": []}

    async def test_unknown_one_is_not_found(self, visitor):
        assert refused(await visitor.start("nobody"), 404, "not-found")


class TestRequest:
    async def test_has_what_the_protocol_demands(self, visitor, provider):
        url = urlsplit(await visitor.url())
        asked = dict(parse_qsl(url.query))
        assert url.geturl().startswith(f"{provider.issuer}/authorize?")
        assert asked["redirect_uri"] == f"{PAGE}/auth/callback/acme"
        assert (asked["client_id"], asked["response_type"], asked["scope"]) == (CLIENT, "code", "openid email")
        assert asked["code_challenge_method"] == "S256"
        assert len({asked["state"], asked["nonce"], asked["code_challenge"], visitor.cookies["authorization"]}) == 4
        assert all(len(asked[name]) == 43 for name in ("state", "nonce", "code_challenge"))
        assert SECRET not in url.geturl()

    async def test_cookie_is_for_these_routes_and_no_script(self, site):
        async with site.client() as http:
            response = await http.post(f"{AUTH}/oidc/acme/start", json={}, headers=OWN)
        flags = "HttpOnly; Max-Age=600; Path=/api/v1/auth/oidc; SameSite=strict"
        assert re.fullmatch(rf"authorization=[\w-]{{43}}; {flags}", response.headers["Set-Cookie"])

    async def test_cookie_is_bound_to_the_host_over_https(self, open_gateway, ada):
        gateway = await open_gateway(public_url="https://images.example")
        async with gateway.client() as http:
            response = await http.post(
                f"{AUTH}/oidc/acme/start", json={}, headers=OWN | {"Origin": "https://images.example"}
            )
        flags = "HttpOnly; Max-Age=600; Path=/; SameSite=strict; Secure"
        assert re.fullmatch(rf"__Host-authorization=[\w-]{{43}}; {flags}", response.headers["Set-Cookie"])

    @pytest.mark.parametrize("headers", [{}, {"Origin": PAGE}, OWN | {"Origin": "https://evil.example"}])
    async def test_other_pages_may_begin_and_finish_nothing(self, visitor, headers):
        for step, body in (("start", {}), ("finish", {"state": "x", "code": "y"})):
            response = await visitor.post(f"{AUTH}/oidc/acme/{step}", body, headers=headers)
            assert refused(response, 403, "origin-not-allowed")

    async def test_second_address_of_the_service_is_refused(self, open_gateway, browse):
        """The provider would send the browser to PUBLIC_URL, where the cookie is not."""
        gateway = await open_gateway(allowed_origins="https://console.example")
        visitor = await browse(gateway)
        response = await visitor.post(
            f"{AUTH}/oidc/acme/start", {}, headers=OWN | {"Origin": "https://console.example"}
        )
        assert refused(response, 403, "origin-not-allowed")

    @pytest.mark.parametrize(
        "path",
        [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:1",
            "",
            "/a b",
            "/ü\u2028",
        ],
    )
    async def test_return_path_leads_nowhere_else(self, visitor, path):
        assert refused(await visitor.start(return_to=path), 422, "validation-failed")

    async def test_nothing_secret_is_in_redis(self, visitor, site, provider):
        await visitor.url()
        redis = site.services.resources.bus._redis
        values = [await redis.get(name) for name in await redis.keys("imageshield:authorization:*")]
        assert values
        asked = Secrets.of(visitor.cookies["authorization"])
        for secret in (visitor.cookies["authorization"], asked.verifier, asked.nonce, asked.state):
            assert not any(secret.encode() in value for value in values)

    async def test_redis_away_begins_nothing(self, visitor, monkeypatch):
        async def fail(*arguments, **options):
            raise Unavailable

        monkeypatch.setattr("backplane.bus.RedisBus.keep", fail)
        assert refused(await visitor.start(), 503, "unavailable")


class TestRegistration:
    async def test_first_log_in_registers(self, visitor, provider, sql):
        email = unique()
        response = await visitor.come(provider, Person("sub-" + email, email.upper()), return_to="/encrypt?x=1")
        assert response.status_code == 200, response.text
        assert response.json().keys() == {"purpose", "return_to", "access_token", "expires_in"}
        assert (response.json()["purpose"], response.json()["return_to"]) == ("login", "/encrypt?x=1")
        assert (await visitor.me())["email"] == email
        (user,) = await sql(USER, email=email)
        assert user.password_hash is None
        assert not user.operator
        assert user.email_verified_at is not None
        assert (await visitor.post(f"{SESSION}/refresh", authorized=False)).status_code == 200

    async def test_second_log_in_finds_the_user_by_subject(self, browse, provider):
        """Also after the address there has changed."""
        email = unique()
        first, second = await browse(), await browse()
        await first.come(provider, Person("sub-" + email, email))
        await second.come(provider, Person("sub-" + email, unique("other"), email_verified=False))
        assert (await second.me())["user_id"] == (await first.me())["user_id"]
        assert len(await second.identities()) == 1

    async def test_two_at_once_make_one_user(self, browse, provider):
        email = unique()
        visitors = [await browse() for _ in range(4)]
        answers = [provider.visit(await one.url(), Person("sub-" + email, email)) for one in visitors]
        done = await asyncio.gather(*(one.finish(answer) for one, answer in zip(visitors, answers, strict=True)))
        assert [one.status_code for one in done] == [200] * 4
        assert len({(await one.me())["user_id"] for one in visitors}) == 1

    @pytest.mark.parametrize("verified", [False, None, "true", 1])
    async def test_unverified_address_registers_nobody(self, visitor, provider, sql, verified):
        email = unique()
        response = await visitor.come(provider, Person("sub-" + email, email, email_verified=verified))
        assert refused(response, 403, "provider-email-unverified")
        assert await sql(USER, email=email) == []

    async def test_unverified_address_does_not_tell_who_is_here(self, visitor, provider, ada):
        response = await visitor.come(provider, Person("sub", ada.email, email_verified=False))
        assert refused(response, 403, "provider-email-unverified")

    @pytest.mark.parametrize("email", ["no address", "a@b@c", "x" * 300 + "@example.org", 7, "a\r\nb@example.org"])
    async def test_unfit_address_registers_nobody(self, visitor, provider, email):
        person = Person("sub", None, claims={"email": email, "email_verified": True})
        assert refused(await visitor.come(provider, person), 403, "provider-email-unverified")

    async def test_known_address_is_not_taken_over(self, visitor, provider, ada):
        response = await visitor.come(provider, Person("sub-" + ada.email, ada.email))
        assert refused(response, 409, "account-link-required")
        assert "refresh" not in visitor.cookies

    async def test_operator_can_close_it(self, open_gateway, browse, provider, sql):
        gateway = await open_gateway("registration = false")
        email = unique()
        response = await (await browse(gateway)).come(provider, Person("sub-" + email, email))
        assert refused(response, 403, "provider-registration-closed")
        assert await sql(USER, email=email) == []

    async def test_first_user_is_not_the_first_who_comes(self, configure, database_url, provider):
        """The operator of an empty installation is made otherwise."""
        async with opened(configure(database_url=database_url)) as gateway, gateway.client() as http:
            response = await Visitor(http).come(provider, Person("sub", unique()))
        assert refused(response, 403, "provider-registration-closed")

    async def test_domains_are_demanded_at_every_log_in(self, open_gateway, browse, provider):
        gateway = await open_gateway('allowed_domains = ["example.com"]')
        email = unique()
        visitor = await browse(gateway)
        assert (await visitor.come(provider, Person("sub-" + email, email))).status_code == 200
        for person, code in [
            (Person("sub-" + email, "ada@example.com.evil.org"), "provider-domain-refused"),
            (Person("sub-" + email, "ada@sub.example.com"), "provider-domain-refused"),
            (Person("sub-" + email, email, email_verified=False), "provider-email-unverified"),
        ]:
            assert refused(await visitor.come(provider, person), 403, code)

    async def test_address_comes_from_userinfo_where_it_must(self, visitor, provider):
        assert (await visitor.come(provider, Person("sub-userinfo"))).status_code == 200
        assert (await visitor.me())["email"] == "userinfo@example.org"

    async def test_userinfo_of_somebody_else_is_refused(self, visitor, provider):
        provider.on_userinfo = lambda claims: claims | {"sub": "other"}
        assert refused(await visitor.come(provider, Person("sub-else")), 502, "provider-answer-invalid")


class TestState:
    async def test_answer_is_used_once(self, visitor, provider):
        email = unique()
        answer = provider.visit(await visitor.url(), Person("sub-" + email, email))
        cookie = visitor.cookies["authorization"]
        assert (await visitor.finish(answer)).status_code == 200
        visitor.cookies["authorization"] = cookie
        assert refused(await visitor.finish(answer), 400, "authorization-invalid")

    async def test_many_at_once_use_it_once(self, visitor, provider):
        email = unique()
        answer = provider.visit(await visitor.url(), Person("sub-" + email, email))
        done = await asyncio.gather(*(Visitor(visitor.http, dict(visitor.cookies)).finish(answer) for _ in range(6)))
        assert sorted(one.status_code for one in done) == [200] + [400] * 5

    async def test_answer_of_another_browser_is_refused(self, browse, provider):
        """Somebody who gets a victim to open an address with his own code would log the victim in as himself."""
        attacker, victim = await browse(), await browse()
        email = unique()
        answer = provider.visit(await attacker.url(), Person("sub-" + email, email))
        await victim.url()
        assert refused(await victim.finish(answer), 400, "authorization-invalid")
        assert "refresh" not in victim.cookies
        assert (await attacker.finish(answer)).status_code == 200, "it was not used up"

    async def test_swapped_answers_are_refused(self, browse, provider):
        one, two = await browse(), await browse()
        answers = [provider.visit(await each.url(), Person(f"sub-{unique()}", unique())) for each in (one, two)]
        assert refused(await one.finish(answers[1]), 400, "authorization-invalid")
        assert refused(await two.finish(answers[0]), 400, "authorization-invalid")

    async def test_without_a_cookie_it_is_refused(self, visitor, provider):
        answer = provider.visit(await visitor.url(), Person("sub", unique()))
        visitor.cookies.clear()
        assert refused(await visitor.finish(answer), 400, "authorization-invalid")

    @pytest.mark.parametrize("state", ["", "x", "ü", "x" * 513])
    async def test_other_state_is_refused(self, visitor, provider, state):
        answer = provider.visit(await visitor.url(), Person("sub", unique()))
        response = await visitor.finish(answer | {"state": state})
        assert response.status_code in {400, 422}
        assert provider.count("/token") == 0

    async def test_it_expires(self, visitor, provider, site):
        answer = provider.visit(await visitor.url(), Person("sub", unique()))
        redis = site.services.resources.bus._redis
        names = await redis.keys("imageshield:authorization:*")
        assert all([0 < await redis.ttl(name) <= 600 for name in names])
        for name in names:
            await redis.expire(name, 0)
        assert refused(await visitor.finish(answer), 400, "authorization-invalid")

    async def test_answer_at_another_provider_is_refused(self, visitor, provider, hub):
        """A mix-up: the code would be sent to the other one."""
        answer = provider.visit(await visitor.url(), Person("sub", unique()))
        assert refused(await visitor.finish(answer, "hub"), 400, "authorization-invalid")
        assert hub.requests == []
        assert provider.count("/token") == 0

    @pytest.mark.parametrize("iss", [None, "https://evil.example", "trailing"])
    async def test_issuer_of_the_answer_is_demanded(self, visitor, provider, iss):
        answer = provider.visit(await visitor.url(), Person("sub", unique()))
        answer["iss"] = provider.issuer + "/" if iss == "trailing" else iss
        assert refused(await visitor.finish(answer), 502, "provider-answer-invalid")
        assert provider.count("/token") == 0, "the code goes to nobody"

    async def test_errors_of_the_provider_are_told_safely(self, visitor, provider):
        for error, words in [("access_denied", "cancelled"), ("<script>alert(1)</script>", "did not log you in")]:
            answer = provider.visit(await visitor.url(), Person("sub", unique()))
            response = await visitor.finish({"state": answer["state"], "error": error})
            assert refused(response, 403, "provider-denied")
            assert words in response.json()["detail"]
            assert "script" not in response.text

    async def test_answer_has_a_code_or_an_error(self, visitor):
        for body in ({}, {"code": "x", "error": "y"}, {"code": "x", "error_description": "y"}):
            assert refused(await visitor.finish({"state": "x", **body}), 422, "validation-failed")

    async def test_failure_is_audited_without_the_code(self, visitor, provider, sql):
        answer = provider.visit(await visitor.url(), Person("sub", unique()))
        await visitor.finish(answer | {"code": "wrong"})
        ((_, outcome, details),) = await sql(ENTRIES, action="account.login")
        assert outcome == "failure"
        assert details == {"method": "fed", "provider": "acme", "reason": "provider-answer-invalid"}


def other(key_bits=2048):
    return RSAKey.generate_key(key_bits, parameters={"kid": "first"})


def compact(header, claims, sign):
    """Write a token that no library would."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)]
    signature = base64.urlsafe_b64encode(sign(b".".join(parts))).rstrip(b"=")
    return b".".join((*parts, signature)).decode()


def signer_of(key):
    return lambda data: key.private_key.sign(data, PKCS1v15(), SHA256())


class TestIdToken:
    async def try_it(self, visitor, provider):
        email = unique()
        return await visitor.come(provider, Person("sub-" + email, email))

    @pytest.mark.parametrize(
        "change",
        [
            {"nonce": "other"},
            {"nonce": None},
            {"iss": "https://evil.example"},
            {"iss": None},
            {"aud": "other"},
            {"aud": [CLIENT, "other"]},
            {"aud": []},
            {"azp": "other"},
            {"exp": 1},
            {"exp": None},
            {"exp": "soon"},
            {"iat": 1},
            {"iat": None},
            {"iat": 1 << 40},
            {"nbf": 1 << 40},
            {"sub": ""},
            {"sub": None},
            {"sub": 7},
            {"sub": "x" * 256},
            {"sub": "a\u0000b"},
            {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
            {"amr": "pwd"},
            {"auth_time": "now"},
            {"auth_time": 1 << 40},
        ],
        ids=str,
    )
    async def test_wrong_claims_are_refused(self, visitor, provider, change):
        provider.on_claims = lambda claims: {k: v for k, v in (claims | change).items() if v is not None}
        assert refused(await self.try_it(visitor, provider), 502, "provider-answer-invalid")
        assert "refresh" not in visitor.cookies

    async def test_audience_may_be_a_list(self, visitor, provider):
        provider.on_claims = lambda claims: claims | {"aud": [CLIENT]}
        assert (await self.try_it(visitor, provider)).status_code == 200

    async def test_nonce_of_an_earlier_log_in_is_refused(self, browse, provider):
        nonces = []

        def replay(claims):
            nonces.append(claims["nonce"])
            return claims | {"nonce": nonces[0]}

        provider.on_claims = replay
        assert (await self.try_it(await browse(), provider)).status_code == 200
        assert refused(await self.try_it(await browse(), provider), 502, "provider-answer-invalid")

    async def test_token_of_this_writer_is_accepted(self, visitor, provider):
        """Otherwise the forgeries below would prove nothing."""
        provider.sign = lambda header, claims: compact(header, claims, signer_of(provider.key))
        assert (await self.try_it(visitor, provider)).status_code == 200

    @pytest.mark.parametrize("forgery", ["none", "hmac", "other key", "weak key", "other algorithm", "crit", "garbage"])
    async def test_forged_signatures_are_refused(self, visitor, provider, forgery):
        public = provider.key.as_pem(private=False)

        def forge(header, claims):
            if forgery == "none":
                return compact({"alg": "none"}, claims, lambda _: b"")
            if forgery == "hmac":
                return compact(
                    {"alg": "HS256", "kid": "first"}, claims, lambda data: hmac.digest(public, data, "sha256")
                )
            if forgery == "other key":
                return jwt.encode(header, claims, other())
            if forgery == "other algorithm":
                return jwt.encode(header | {"alg": "PS256"}, claims, provider.key, algorithms=["PS256"])
            if forgery == "crit":
                return compact(header | {"crit": ["unknown"], "unknown": 1}, claims, signer_of(provider.key))
            return "a.b.c" if forgery == "garbage" else compact(header, claims, signer_of(provider.key))

        if forgery == "weak key":
            with pytest.warns(SecurityWarning):
                provider.key = other(1024)
            provider.published = [provider.key]
        provider.sign = forge
        assert refused(await self.try_it(visitor, provider), 502, "provider-answer-invalid")

    async def test_rotated_key_is_fetched_once_a_minute(self, visitor, provider, monkeypatch):
        assert (await self.try_it(visitor, provider)).status_code == 200
        provider.key = RSAKey.generate_key(2048, parameters={"kid": "second"})
        provider.published.append(provider.key)
        assert refused(await self.try_it(visitor, provider), 502, "provider-answer-invalid")
        assert provider.count("/keys") == 1
        monkeypatch.setattr(signing_key_sets, "REFETCH_SECONDS", 0.0)
        assert (await self.try_it(visitor, provider)).status_code == 200
        assert provider.count("/keys") == 2
        assert (await self.try_it(visitor, provider)).status_code == 200
        assert provider.count("/keys") == 2

    async def test_withdrawn_key_is_refused(self, visitor, provider, monkeypatch):
        assert (await self.try_it(visitor, provider)).status_code == 200
        provider.published = [RSAKey.generate_key(2048, parameters={"kid": "second"})]
        monkeypatch.setattr(signing_key_sets, "KEPT_SECONDS", 0.0)
        assert refused(await self.try_it(visitor, provider), 502, "provider-answer-invalid")

    async def test_key_for_encryption_is_not_used(self, visitor, provider):
        provider.key = RSAKey.generate_key(2048, parameters={"kid": "first", "use": "enc"})
        provider.published = [provider.key]
        provider.sign = lambda header, claims: jwt.encode(
            header,
            claims,
            RSAKey.import_key({k: v for k, v in provider.key.as_dict(private=True).items() if k != "use"}),
        )
        assert refused(await self.try_it(visitor, provider), 502, "provider-answer-invalid")


class TestProviderFailures:
    async def finish(self, visitor, provider):
        email = unique()
        return await visitor.come(provider, Person("sub-" + email, email))

    @pytest.mark.parametrize(
        "change",
        [
            {"issuer": "https://evil.example"},
            {"token_endpoint": None},
            {"jwks_uri": 7},
            {"authorization_endpoint": "javascript:alert(1)"},
            {"authorization_endpoint": "/authorize"},
            {"code_challenge_methods_supported": ["plain"]},
        ],
        ids=str,
    )
    async def test_unfit_discovery_document_is_refused(self, visitor, provider, change):
        provider.on_metadata = lambda document: document | change
        assert refused(await visitor.start(), 502, "provider-answer-invalid")

    @pytest.mark.parametrize("document", [[], "x", b"{", b"[" * 100_000, b'"' + b"x" * 300_000 + b'"'], ids=range(5))
    async def test_anything_else_is_refused(self, visitor, provider, document):
        provider.on_metadata = lambda _: document
        assert (await visitor.start()).status_code in {502, 503}

    async def test_discovery_is_kept_and_not_asked_for_in_a_storm(self, visitor, provider, monkeypatch):
        await asyncio.gather(*(visitor.start() for _ in range(5)))
        assert provider.count("/.well-known/openid-configuration") == 1
        monkeypatch.setattr(discovery, "KEPT_SECONDS", 0.0)
        provider.on_metadata = lambda _: {}
        codes = {(await visitor.start()).json()["code"] for _ in range(5)}
        assert codes == {"provider-answer-invalid", "provider-unavailable"}
        assert provider.count("/.well-known/openid-configuration") == 2

    @pytest.mark.parametrize(
        ("answered", "status", "code"),
        [
            (Answered(500, {"error": "x"}), 503, "provider-unavailable"),
            (Answered(200, b"<html>"), 503, "provider-unavailable"),
            (Answered(302, {}, {"Location": "http://127.0.0.1:1/"}), 502, "provider-answer-invalid"),
            (Answered(400, {"error": "invalid_grant", "error_description": "<b>"}), 502, "provider-answer-invalid"),
            (Answered(200, []), 502, "provider-answer-invalid"),
            (Answered(200, {"access_token": "x", "token_type": "mac"}), 502, "provider-answer-invalid"),
            (Answered(200, {"access_token": "x y", "token_type": "bearer"}), 502, "provider-answer-invalid"),
            (Answered(200, {"access_token": "x", "token_type": "bearer"}), 502, "provider-answer-invalid"),
            (
                Answered(200, {"access_token": "x", "token_type": "bearer", "id_token": 7}),
                502,
                "provider-answer-invalid",
            ),
        ],
        ids=range(9),
    )
    async def test_unfit_token_answers_are_refused(self, visitor, provider, answered, status, code):
        provider.on_token = lambda _: answered
        assert refused(await self.finish(visitor, provider), status, code)

    async def test_endpoint_inside_the_network_is_not_called(self, visitor, provider, hub):
        """The provider may be at 127.0.0.0/8; that does not open other private networks."""
        provider.on_metadata = lambda document: document | {"token_endpoint": "http://10.0.0.1/token"}
        assert refused(await self.finish(visitor, provider), 503, "provider-unavailable")

    async def test_provider_that_hangs_is_given_up(self, visitor, provider, site):
        for client in site.services.identity.federation._clients.values():
            client._fetcher._seconds = 0.2
        provider.on_metadata = lambda document: time.sleep(1) or document
        assert refused(await visitor.start(), 503, "provider-unavailable")


class TestLinking:
    async def test_after_the_password_an_identity_is_linked(self, browse, provider, ada):
        visitor = await browse()
        await visitor.log_in(ada.email)
        response = await visitor.come(provider, Person("sub-" + ada.email, unique()), purpose="link")
        assert response.status_code == 200, response.text
        assert response.json() == {
            "purpose": "link",
            "return_to": "/overview",
            "access_token": None,
            "expires_in": None,
        }
        (identity,) = await visitor.identities()
        assert (identity["provider"], identity["name"]) == ("acme", "Acme")
        newcomer = await browse()
        await newcomer.come(provider, Person("sub-" + ada.email, ada.email))
        assert (await newcomer.me())["email"] == ada.email

    async def test_linking_again_changes_nothing(self, visitor, provider, ada):
        await visitor.log_in(ada.email)
        for _ in range(2):
            assert (await visitor.come(provider, Person("sub-" + ada.email), purpose="link")).status_code == 200
        assert len(await visitor.identities()) == 1

    async def test_without_a_session_nothing_is_linked(self, visitor):
        assert refused(await visitor.start(purpose="link"), 401, "unauthenticated")

    async def test_token_of_a_program_links_nothing(self, visitor, ada):
        visitor.token = ada.token
        assert refused(await visitor.start(purpose="link"), 403, "insufficient-scope")

    async def test_old_proof_links_nothing(self, visitor, ada, sql):
        await visitor.log_in(ada.email)
        await sql(OLD_PROOF, email=ada.email)
        visitor.token = (await visitor.post(f"{SESSION}/refresh", authorized=False)).json()["access_token"]
        assert refused(await visitor.start(purpose="link"), 403, "reauthentication-required")

    async def test_ended_session_links_nothing(self, visitor, provider, ada):
        await visitor.log_in(ada.email)
        answer = provider.visit(await visitor.url(purpose="link"), Person("sub-" + ada.email))
        ended = await visitor.http.delete(SESSION, headers=OWN | {"Cookie": f"refresh={visitor.cookies['refresh']}"})
        assert ended.status_code == 204
        assert refused(await visitor.finish(answer), 401, "unauthenticated")
        await visitor.log_in(ada.email)
        assert await visitor.identities() == []

    async def test_identity_of_another_user_is_not_taken(self, browse, provider, ada, bob):
        one, two = await browse(), await browse()
        await one.log_in(ada.email)
        await two.log_in(bob.email)
        assert (await one.come(provider, Person("sub-" + ada.email), purpose="link")).status_code == 200
        assert refused(await two.come(provider, Person("sub-" + ada.email), purpose="link"), 409, "identity-taken")
        assert await two.identities() == []

    async def test_identity_of_another_issuer_is_another_one(self, browse, provider, hub, ada):
        visitor, newcomer = await browse(), await browse()
        await visitor.log_in(ada.email)
        await visitor.come(provider, Person("4711", unique()), purpose="link")
        hub.emails = [{"email": unique(), "primary": True, "verified": True}]
        await newcomer.come(hub, Person("4711"), at="hub")
        assert (await newcomer.me())["email"] != ada.email


class TestUnlinking:
    async def linked(self, visitor, provider, email):
        await visitor.log_in(email)
        await visitor.come(provider, Person("sub-" + email), purpose="link")
        return (await visitor.identities())[0]["id"]

    async def test_unlinked_identity_logs_nobody_in(self, browse, provider, ada):
        visitor, newcomer = await browse(), await browse()
        identity = await self.linked(visitor, provider, ada.email)
        assert (await visitor.unlink(identity)).status_code == 204
        assert await visitor.identities() == []
        response = await newcomer.come(provider, Person("sub-" + ada.email, ada.email))
        assert refused(response, 409, "account-link-required")

    async def test_way_in_is_recorded_until_it_is_unlinked(self, visitor, provider, ada, sql):
        identity = await self.linked(visitor, provider, ada.email)
        await visitor.come(provider, Person("sub-" + ada.email, ada.email))
        await visitor.unlink(identity)
        written = {row.action for row in await sql(OF_ACCOUNT, account=ada.account_id) if row.outcome == "success"}
        assert written >= {"identity.linked", "account.login", "identity.unlinked"}

    async def test_last_method_stays(self, visitor, provider, hub, ada, sql):
        identity = await self.linked(visitor, provider, ada.email)
        await sql(FORGET_PASSWORD, email=ada.email)
        assert refused(await visitor.unlink(identity), 409, "last-login-method")
        hub.number = next(COUNTER) + 100_000
        await visitor.come(hub, Person(""), at="hub", purpose="link")
        assert (await visitor.unlink(identity)).status_code == 204
        (last,) = await visitor.identities()
        assert refused(await visitor.unlink(last["id"]), 409, "last-login-method")

    async def test_two_at_once_leave_one(self, visitor, provider, hub, ada, sql):
        first = await self.linked(visitor, provider, ada.email)
        hub.number = next(COUNTER) + 100_000
        await visitor.come(hub, Person(""), at="hub", purpose="link")
        await sql(FORGET_PASSWORD, email=ada.email)
        second = next(one["id"] for one in await visitor.identities() if one["id"] != first)
        done = await asyncio.gather(visitor.unlink(first), visitor.unlink(second))
        assert sorted(one.status_code for one in done) == [204, 409]

    async def test_identity_of_a_removed_provider_does_not_count(self, open_gateway, browse, provider, ada, sql):
        visitor = await browse()
        identity = await self.linked(visitor, provider, ada.email)
        if identity:
            await sql(FORGET_PASSWORD, email=ada.email)
            await sql(
                text("UPDATE user_identities SET issuer = 'https://gone.example' WHERE subject = :s"),
                s="sub-" + ada.email,
            )
            (listed,) = await visitor.identities()
            assert (listed["provider"], listed["name"]) == (None, "https://gone.example")
            assert refused(await visitor.unlink(identity), 409, "last-login-method")

    async def test_of_another_user_is_not_found(self, browse, provider, ada, bob):
        one, two = await browse(), await browse()
        identity = await self.linked(one, provider, ada.email)
        await two.log_in(bob.email)
        assert refused(await two.unlink(identity), 404, "not-found")
        assert refused(await two.unlink("idn_x"), 404, "not-found")

    async def test_old_proof_unlinks_nothing(self, visitor, provider, ada, sql):
        identity = await self.linked(visitor, provider, ada.email)
        await sql(OLD_PROOF, email=ada.email)
        visitor.token = (await visitor.post(f"{SESSION}/refresh", authorized=False)).json()["access_token"]
        assert refused(await visitor.unlink(identity), 403, "reauthentication-required")


class TestConfirmation:
    @pytest.fixture
    async def stale(self, visitor, provider, ada, sql):
        """A visitor with a linked identity, whose proof is an hour old."""
        await visitor.log_in(ada.email)
        await visitor.come(provider, Person("sub-" + ada.email), purpose="link")
        await sql(OLD_PROOF, email=ada.email)
        visitor.token = (await visitor.post(f"{SESSION}/refresh", authorized=False)).json()["access_token"]
        assert refused(await visitor.start(purpose="link"), 403, "reauthentication-required")
        return visitor

    async def test_asks_the_provider_to_ask_again(self, stale):
        asked = dict(parse_qsl(urlsplit(await stale.url(purpose="confirm")).query))
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")

    async def test_renews_the_proof_of_the_session(self, stale, provider, ada, site):
        before = site.services.identity.tokens.verify(stale.token)
        response = await stale.come(provider, Person("sub-" + ada.email), purpose="confirm")
        assert response.json()["purpose"] == "confirm"
        after = site.services.identity.tokens.verify(stale.token)
        assert after.session_id == before.session_id
        assert after.methods == {"pwd", "fed"}
        assert (await stale.start(purpose="link")).status_code == 200

    @pytest.mark.parametrize("auth_time", [None, -3600], ids=["missing", "old"])
    async def test_old_log_in_at_the_provider_is_no_proof(self, stale, provider, ada, auth_time):
        def change(claims):
            claims.pop("auth_time")
            return claims | ({"auth_time": int(time.time()) + auth_time} if auth_time is not None else {})

        provider.on_claims = change
        response = await stale.come(provider, Person("sub-" + ada.email), purpose="confirm")
        assert refused(response, 502, "provider-answer-invalid")
        assert refused(await stale.start(purpose="link"), 403, "reauthentication-required")

    async def test_somebody_else_confirms_nothing(self, stale, provider):
        response = await stale.come(provider, Person("somebody else"), purpose="confirm")
        assert refused(response, 502, "provider-answer-invalid")

    async def test_github_cannot(self, stale):
        assert refused(await stale.start("hub", "confirm"), 409, "provider-cannot-confirm")

    async def test_log_in_at_the_provider_long_ago_is_no_new_proof(self, visitor, provider):
        email = unique()
        person = Person("sub-" + email, email, claims={"auth_time": int(time.time()) - 3600})
        assert (await visitor.come(provider, person)).status_code == 200
        assert refused(await visitor.start(purpose="link"), 403, "reauthentication-required")


class TestSuspension:
    async def test_suspended_user_is_refused(self, visitor, provider, sql):
        email = unique()
        await visitor.come(provider, Person("sub-" + email, email))
        await sql(SUSPEND, email=email)
        visitor.cookies.clear()
        visitor.token = None
        assert refused(await visitor.come(provider, Person("sub-" + email, email)), 403, "account-suspended")
        assert "refresh" not in visitor.cookies


class TestSecondFactor:
    @pytest.fixture
    def demanded(self, site):
        """Users of this gateway have a second factor: what demands it is played."""
        asked = []

        async def demand(user_id):
            asked.append(user_id)
            raise AccountSuspended

        site.services.identity.federation._demand_second_factor = demand
        return asked

    async def test_is_demanded_by_default(self, visitor, provider, demanded):
        email = unique()
        person = Person("sub-" + email, email, claims={"amr": ["pwd", "mfa"], "acr": "high"})
        assert refused(await visitor.come(provider, person), 403, "account-suspended")
        assert len(demanded) == 1
        assert "refresh" not in visitor.cookies

    @pytest.mark.parametrize(
        ("claims", "status"), [({"amr": ["mfa"]}, 200), ({"acr": "high"}, 200), ({"amr": ["pwd"]}, 403)]
    )
    async def test_provider_can_have_demanded_it(self, open_gateway, browse, provider, claims, status):
        gateway = await open_gateway('second_factor_amr = ["mfa", "hwk"]\nsecond_factor_acr = ["high"]')
        email = unique()

        async def demand(*arguments):
            raise AccountSuspended

        gateway.services.identity.federation._demand_second_factor = demand
        response = await (await browse(gateway)).come(provider, Person("sub-" + email, email, claims=claims))
        assert response.status_code == status


class TestOwnSecondFactor:
    """A user with an authenticator app here, whose provider has demanded no second factor."""

    @pytest.fixture
    async def person(self, visitor, provider):
        email = unique()
        person = Person("sub-" + email, email)
        assert (await visitor.come(provider, person)).status_code == 200
        begun = (await visitor.post(f"{AUTH}/factors/authenticator-app", {})).json()
        app = pyotp.TOTP(begun["secret"])
        # The step before: each code is good once, and the present one is for the log-in.
        earlier = app.at(int(time.time()) - 30)
        confirmed = await visitor.post(f"{AUTH}/factors/authenticator-app/confirm", {"code": earlier})
        assert confirmed.status_code == 200, confirmed.text
        visitor.token = None
        visitor.cookies.clear()
        return person, app

    async def test_is_demanded_and_finishes_the_log_in(self, visitor, provider, person):
        person, app = person
        answer = await visitor.come(provider, person)
        assert refused(answer, 403, "second-factor-required")
        assert "refresh" not in visitor.cookies
        proof = {"pending": answer.json()["pending"], "otp": app.now()}
        finished = await visitor.post(f"{SESSION}/second-factor", proof, authorized=False)
        assert finished.status_code == 200, finished.text
        claims = json.loads(base64.urlsafe_b64decode(finished.json()["access_token"].split(".")[1] + "=="))
        assert claims["amr"] == "fed otp"


class TestGitHub:
    async def come(self, visitor, hub, *emails):
        hub.number = next(COUNTER) + 100_000
        hub.emails = list(emails)
        return await visitor.finish(self.answer(hub, await visitor.url("hub")), "hub")

    @staticmethod
    def answer(hub, url):
        found = hub.visit(url, Person(""))
        del found["iss"]
        return found

    async def test_registers_by_the_primary_verified_address(self, visitor, hub):
        email = unique()
        response = await self.come(
            visitor,
            hub,
            {"email": unique("other"), "primary": False, "verified": True, "visibility": None},
            {"email": email, "primary": True, "verified": True, "visibility": "private"},
        )
        assert response.status_code == 200, response.text
        assert (await visitor.me())["email"] == email
        assert (await visitor.identities())[0]["name"] == "Hub"

    async def test_unverified_primary_address_registers_nobody(self, visitor, hub):
        emails = [
            {"email": unique(), "primary": True, "verified": False},
            {"email": unique(), "primary": False, "verified": True},
        ]
        assert refused(await self.come(visitor, hub, *emails), 403, "provider-email-unverified")

    async def test_request_has_pkce_and_no_nonce(self, visitor, hub):
        asked = dict(parse_qsl(urlsplit(await visitor.url("hub")).query))
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"] == "user:email"
        assert "nonce" not in asked

    async def test_refusal_with_status_200_is_one(self, visitor, hub):
        answer = self.answer(hub, await visitor.url("hub"))
        response = await visitor.finish(answer | {"code": "wrong"}, "hub")
        assert refused(response, 502, "provider-answer-invalid")
        assert "secret" not in response.text

    @pytest.mark.parametrize("number", [None, "4711", True, 0, 1 << 64])
    async def test_user_without_a_number_is_refused(self, visitor, hub, number):
        answer = self.answer(hub, await visitor.url("hub"))
        hub.number = number
        assert refused(await visitor.finish(answer, "hub"), 502, "provider-answer-invalid")

    async def test_answer_of_another_issuer_is_refused(self, visitor, hub):
        answer = hub.visit(await visitor.url("hub"), Person(""))
        assert refused(
            await visitor.finish(answer | {"iss": "https://evil.example"}, "hub"), 502, "provider-answer-invalid"
        )


class TestRegistrationPolicy:
    @pytest.mark.parametrize(
        ("policy", "code"),
        [
            ({"registration": "closed"}, "registration-closed"),
            ({"registration": "invitation"}, "invitation-required"),
            (
                {"registration": "domains", "registration_domains": "example.net", "mail_verification": True},
                "email-domain-refused",
            ),
        ],
    )
    async def test_of_the_installation_holds_for_providers_too(
        self, open_gateway, browse, provider, tmp_path, *, policy, code
    ):
        gateway = await open_gateway(**policy, mail_outbox_directory=tmp_path / "mails")
        email = unique()
        response = await (await browse(gateway)).come(provider, Person("sub-" + email, email))
        assert refused(response, 403, code)
