"""Every act of the API, done once by people who may, and what the audit trail says of each."""

import re
from dataclasses import dataclass, field

import httpx
from sqlalchemy import text

from backplane import ids
from backplane.errors import POISON
from backplane.services.mail.contents import unseal
from backplane.services.mail.preferences import UNSUBSCRIBE, make_token
from backplane.services.requests.caller import Caller
from tests.api.conftest import PASSWORD, Sealed
from tests.api.document import PATHS
from tests.api.factors import APP, CONFIRM, OWN, PASSKEYS, RECOVERY, SESSION, SESSIONS, TOKEN, UNUSED, Person
from tests.support import pictures
from tests.support.authenticator import Authenticator

AUTH, ACCOUNTS, ADMIN, WEBHOOKS = "/api/v1/auth", "/api/v1/accounts", "/api/v1/admin", "/api/v1/webhooks"
KEYS = f"{AUTH}/keys"
NEW = "another horse battery staple"
MAILED = re.compile(r"#token=([\w-]{43})$", re.MULTILINE)
MAIL = text("SELECT id, sealed FROM mails WHERE kind = :kind ORDER BY id DESC LIMIT 1")
WRITTEN = text("SELECT account_id, user_id, api_key_id, action, outcome FROM audit_events WHERE request_id = :request")
PROMOTE = text("UPDATE users SET operator = true WHERE id = :user")
FOUND = text("""
INSERT INTO security_events (id, account_id, rule, subject, severity, count, facts, first_at, last_at)
VALUES (gen_random_uuid(), :account, 'failed_unlocks', 'subject', 'high', 10, '{}', now(), now())
""")
CHANGING = ("post", "put", "patch", "delete")
OPERATIONS = {
    operation["operationId"]: (method.upper(), re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path.count("{"))
    for path, item in PATHS.items()
    for method, operation in item.items()
    if method in CHANGING
}
PNG = pictures.as_png(pictures.make(8, 6))


@dataclass
class Recorder(httpx.AsyncBaseTransport):
    """Notes the ids of successful requests, by their operation."""

    inner: httpx.AsyncBaseTransport
    requests: dict[str, list[str]] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        if response.is_success and (operation := operation_of(request)) is not None:
            self.requests.setdefault(operation, []).append(response.headers["X-Request-ID"])
        return response


def operation_of(request):
    fitting = [
        (parameters, name)
        for name, (method, path, parameters) in OPERATIONS.items()
        if method == request.method and path.fullmatch(request.url.path)
    ]
    return min(fitting)[1] if fitting else None  # a literal goes before a parameter


@dataclass
class Acts:
    """The people and the servers of the acts."""

    gateway: object
    engine: object

    async def user(self):
        return await self.gateway.user()

    async def sql(self, statement, **values):
        async with self.gateway.services.resources.database.transaction() as session:
            result = await session.execute(statement, values)
            return result.all() if result.returns_rows else []

    async def mailed(self, kind):
        """Return the token in the newest mail of a kind."""
        [row] = await self.sql(MAIL, kind=kind)
        return MAILED.search(unseal(self.gateway.services.resources.vault, row.id, row.sealed).text)[1]

    async def written(self, request):
        """Return what a request has written into the trail: whose chain, the action, and its outcome."""
        rows = await self.sql(WRITTEN, request=request)
        personal = {row.user_id for row in rows} | {None}
        shared = {one for (one,) in await self.sql(text("SELECT id FROM accounts WHERE NOT personal"))}
        return {f"{_chain(row, personal, shared)} {row.action} {row.outcome}" for row in rows}

    async def do_all(self):
        ada, bob = await self.user(), await self.user()
        await registration(self)
        await credentials(self, ada)
        await browser(self, await self.user())
        await api_keys(bob)
        await team(self, *[await self.user() for _ in range(4)])
        await jobs(self, carol := await self.user())
        await batches(self, carol)
        await webhooks(carol)
        await mail(self, carol)
        await administration(self, await self.user(), await self.user())
        await factor_resets(self, [await self.user(), await self.user()], await self.user())
        await security_events(self, await self.user())
        await erasures(await self.user(), await self.user())


def _chain(row, personal, shared):
    if row.account_id is None:
        return "system"
    if row.account_id in shared:
        return "team"
    return "own" if row.account_id in personal or row.api_key_id is not None else "theirs"


async def did(response):
    answer = await response
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer


async def registration(acts):
    async with acts.gateway.client() as http:
        email = f"new{ids.new().hex}@example.org"
        await did(http.post(f"{AUTH}/register", json={"email": email, "password": PASSWORD}))
        await did(http.post(f"{AUTH}/verify-email", json={"token": await acts.mailed("verify-address")}))
        await did(http.post(f"{AUTH}/password/reset", json={"email": email}))
        renewed = {"token": await acts.mailed("password-reset"), "password": NEW}
        await did(http.post(f"{AUTH}/password/reset/confirm", json=renewed))
        await did(http.post(TOKEN, data={"grant_type": "password", "username": email, "password": NEW}))


async def credentials(acts, user):
    other = f"other{ids.new().hex}@example.org"
    await did(user.http.post(f"{AUTH}/email", json={"email": other}))
    await did(user.http.post(f"{AUTH}/email/confirm", json={"token": await acts.mailed("address-change")}))
    await did(user.http.post(f"{AUTH}/password", json={"current_password": PASSWORD, "password": NEW}))
    await did(user.http.post(f"{AUTH}/logout"))


async def browser(acts, user):
    async with acts.gateway.client() as http:
        person = Person(user, acts.gateway, http)
        await did(person.give_password())
        await person.add_app()
        key = await person.add_passkey(Authenticator())
        [passkey] = (await did(person.request("GET", f"{AUTH}/factors"))).json()["passkeys"]
        await did(person.request("PATCH", f"{PASSKEYS}/{passkey['id']}", json={"name": "Mine"}))
        await did(person.post(RECOVERY))
        await did(person.post(f"{SESSION}/refresh"))
        await did(person.post(f"{CONFIRM}/options"))
        await did(person.post(CONFIRM, json={"password": PASSWORD, "otp": person.otp()}))
        await did(person.request("DELETE", f"{SESSIONS}/ses_{user.session_id.hex}"))
        await did(person.request("DELETE", SESSION))
        await did(person.log_in_by_passkey(key.get(await person.options())))
        await acts.gateway.services.identity.tokens.issue(Caller(user.account_id), user.account_id)
        await did(person.request("DELETE", SESSIONS))
        await did(person.request("DELETE", f"{PASSKEYS}/{passkey['id']}"))
        await person.sql(UNUSED)
        await did(person.finish(await person.pending(), otp=person.otp()))
        await did(person.request("DELETE", APP))


async def api_keys(user):
    made = (await did(user.http.post(KEYS, json={"name": "ci", "scopes": ["jobs:read"]}))).json()
    await did(user.http.patch(f"{KEYS}/{made['id']}", json={"name": "nightly"}))
    renewed = (await did(user.http.post(f"{KEYS}/{made['id']}/rotate", json={"grace_hours": 1}))).json()
    await did(user.http.delete(f"{KEYS}/{made['id']}"))
    headers = {"X-API-Key": renewed["secret"]}
    del user.http.headers["Authorization"]
    await did(user.http.delete(f"{KEYS}/current", headers=headers))


async def team(acts, owner, second, third, fourth):
    made = (await did(owner.http.post(ACCOUNTS, json={"name": "Radiology"}))).json()["account_id"]
    place = f"{ACCOUNTS}/{made}"
    await did(owner.http.patch(place, json={"name": "Cardiology"}))
    revoked = await did(owner.http.post(f"{place}/invitations", json={"email": fourth.email, "role": "member"}))
    invitation = f"{place}/invitations/{revoked.json()['id']}"
    await acts.sql(text("UPDATE invitations SET sent_at = now() - interval '61 seconds'"))
    await did(owner.http.post(f"{invitation}/resend"))
    await did(owner.http.delete(invitation))
    await acts.sql(text("UPDATE users SET email_verified_at = now()"))
    for user in (second, third):
        await did(owner.http.post(f"{place}/invitations", json={"email": user.email, "role": "member"}))
        token = {"token": await acts.mailed("invitation")}
        await did(user.http.post("/api/v1/invitations/show", json=token))
        await did(user.http.post("/api/v1/invitations/accept", json=token))
    await did(owner.http.patch(f"{place}/members/{_id(third)}", json={"role": "auditor"}))
    await did(owner.http.delete(f"{place}/members/{_id(third)}"))
    await did(owner.http.post(f"{place}/hand-over", json={"user_id": _id(second)}))
    await did(owner.http.delete(f"{place}/members/me"))
    await did(second.http.post(f"{place}/close"))


async def jobs(acts, user):
    http, engine = user.http, acts.engine
    cancelled = await user.encrypt()
    await did(http.post(f"/api/v1/jobs/{cancelled}/cancel"))
    await did(http.delete(f"/api/v1/jobs/{cancelled}"))
    failed = await user.encrypt()
    await engine.fail(failed)
    await did(http.post(f"/api/v1/jobs/{failed}/retry"))
    encrypted = await user.encrypt()
    await engine.complete_encrypt(encrypted)
    await did(http.post(f"/api/v1/jobs/{encrypted}/key-file", json={"master_password": "a passphrase of mine"}))
    await user.decrypt()
    later = {"Prefer": "respond-async"}
    sealed = {
        "original": ("a.png", pictures.as_png(pictures.make(4, 4))),
        "encrypted": ("b.png", Sealed.make().picture),
    }
    await did(http.post("/api/v1/analyze", files=sealed, headers=later))
    await did(http.post("/api/v1/analysis/avalanche", files={"image": ("a.png", PNG)}, headers=later))
    await did(http.post("/api/v1/ws-tickets", json={"job_id": encrypted}, headers=OWN))
    await did(http.post("/api/v1/audit/verify"))


async def batches(acts, user):
    files = [("images", ("a.png", PNG)), ("images", ("b.png", PNG))]
    batch = (await did(user.http.post("/api/v1/batch/encrypt", files=files))).json()
    place, [first, second] = f"/api/v1/batches/{batch['batch_id']}", [one["job_id"] for one in batch["items"]]
    for job in (first, second):
        await acts.engine.fail(job)
    await did(user.http.post(f"{place}/retry"))
    await did(user.http.post(f"{place}/cancel"))
    await did(user.http.delete(place))


async def webhooks(user):
    wanted = {"url": "https://93.184.216.34/hook", "events": ["job.failed"]}
    place = f"{WEBHOOKS}/{(await did(user.http.post(WEBHOOKS, json=wanted))).json()['id']}"
    await did(user.http.patch(place, json={"events": ["job.completed"]}))
    await did(user.http.post(f"{place}/rotate-secret"))
    delivery = (await did(user.http.post(f"{place}/test"))).json()["id"]
    await did(user.http.post(f"{place}/deliveries/{delivery}/replay"))
    await did(user.http.delete(place))


async def mail(acts, user):
    await did(user.http.patch("/api/v1/me/mail-preferences", json={"batches": True}))
    token = make_token(acts.gateway.services.resources.vault, user.account_id, "limits")
    async with acts.gateway.client() as http:
        await did(http.post(UNSUBSCRIBE, params={"token": token}))


async def administration(acts, operator, user):
    await acts.sql(PROMOTE, user=operator.account_id)
    account = f"{ADMIN}/accounts/{ids.to_wire('acc', user.account_id)}"
    await did(operator.http.patch(account, json={"tier": "free"}))
    await did(operator.http.post(f"{ADMIN}/users/{_id(user)}/unlock"))
    dead = await user.encrypt()
    await acts.engine.fail(dead, code=POISON.code, title=POISON.title)
    await did(operator.http.post(f"{ADMIN}/dead-letters/{dead}/redrive"))
    await did(operator.http.post(f"{ADMIN}/audit/verify"))
    await did(operator.http.patch(f"{ADMIN}/users/{_id(user)}", json={"operator": True}))


async def factor_resets(acts, operators, user):
    """Operators and the user end four requests in the four ways."""
    [first, second], place, links = operators, f"{ADMIN}/users/{_id(user)}/factor-reset", f"{AUTH}/factors/reset"
    for operator in operators:
        await acts.sql(PROMOTE, user=operator.account_id)
    async with acts.gateway.client() as http:
        person = Person(user, acts.gateway, http)
        for end in ("withdraw", "refuse", "confirm", "second"):
            if end in {"withdraw", "second"}:  # before, and after the factors were reset
                await did(person.give_password())
                await person.add_app()
            await did(first.http.post(place, json={"reason": "lost"}))
            if end in {"refuse", "confirm"}:
                await did(http.post(f"{links}/{end}", json={"token": await acts.mailed("factor-reset-requested")}))
            else:
                await did(first.http.delete(place) if end == "withdraw" else second.http.post(f"{place}/confirm"))
    await did(first.http.delete(f"{ADMIN}/users/{_id(user)}/sessions"))


async def security_events(acts, operator):
    await acts.sql(PROMOTE, user=operator.account_id)
    for account, place in ((operator.account_id, "/api/v1/security-events"), (None, f"{ADMIN}/security-events")):
        await acts.sql(FOUND, account=account)
        [event, *_] = (await did(operator.http.get(place))).json()["data"]
        await did(operator.http.post(f"{place}/{event['id']}/acknowledge"))


async def erasures(owner, user):
    place = f"{ACCOUNTS}/{(await did(owner.http.post(ACCOUNTS, json={'name': 'Closed'}))).json()['account_id']}"
    await did(owner.http.post(f"{place}/close", json={"grace_days": 7}))
    await did(owner.http.delete(f"{place}/erasure"))
    export = (await did(user.http.post("/api/v1/me/export"))).json()["job_id"]
    await did(user.http.post(f"/api/v1/jobs/{export}/cancel"))
    await did(user.http.request("DELETE", "/api/v1/me", json={"grace_days": 7}))
    await did(user.http.delete("/api/v1/me/erasure"))


def _id(user):
    return ids.to_wire("usr", user.account_id)
