"""Webhook endpoints, for their owners. A secret is shown when it is made, and never again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.addresses import Guard
from backplane.db.models import WebhookEndpoint
from backplane.db.repositories import webhooks
from backplane.db.session import Database, ReadSession
from backplane.errors import NotFound, ValidationFailed
from backplane.errors.limits import TooManyWebhooks
from backplane.services.audit import trail
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.sealing.account_keys import account_key
from backplane.services.usage.tiers import Tiers
from backplane.services.webhooks import secrets as webhook_secrets
from backplane.services.webhooks.secrets import SECRET, URL, new_secret
from backplane.services.webhooks.targets import CHECK_SECONDS, default_endpoint
from backplane.vault import LocalVault

GRACE = timedelta(hours=24)
"""How long the previous secret signs beside a new one."""

DEFAULT = "default"
"""The name of the account's endpoint for `webhook_url` in API paths."""


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    """An endpoint without its secrets."""

    id: UUID
    url: str | None = field(repr=False)
    events: Sequence[str]
    description: str | None
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    previous_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MadeSecret:
    """A new secret, with its endpoint."""

    endpoint: EndpointFacts
    secret: str = field(repr=False)


class Webhooks:
    def __init__(self, database: Database, vault: LocalVault, guard: Guard, tiers: Tiers) -> None:
        self._database = database
        self._vault = vault
        self._guard = guard
        self._tiers = tiers

    async def create(
        self, submission: Submission, *, url: str, events: Sequence[str], description: str | None, enabled: bool = True
    ) -> MadeSecret:
        """Add an endpoint.

        Raises:
            WebhookUrlRefused: nothing is sent there.
            TooManyWebhooks: the account has reached its limit.
        """
        await self._guard.check(url, seconds=CHECK_SECONDS)
        account_id, endpoint_id, secret = submission.account_id, ids.new(), new_secret()
        async with self._database.transaction() as session:
            await webhooks.lock_account(session, account_id)
            tier = self._tiers.of(submission.caller.tier)
            tier.require_room("webhook_endpoints", await webhooks.count(session, account_id), TooManyWebhooks)
            key = await account_key(session, self._vault, account_id)
            endpoint = WebhookEndpoint(
                id=endpoint_id,
                account_id=account_id,
                url=webhook_secrets.seal(key, url, account_id=account_id, owner_id=endpoint_id, field=URL),
                secret=webhook_secrets.seal(key, secret, account_id=account_id, owner_id=endpoint_id, field=SECRET),
                events=list(events),
                description=description,
                enabled=enabled,
                disabled_reason=None if enabled else "owner",
            )
            await webhooks.add(session, endpoint)
            details = {"events": list(events)}
            trail.record(session, submission.caller, "webhook.created", endpoint_id, details=details)
            await submission.record(session, "webhook", endpoint_id, answer=secret.encode())
        return MadeSecret(self._facts(endpoint), secret)

    async def page(self, caller: Caller) -> list[EndpointFacts]:
        async with self._database.reading() as session:
            found = await webhooks.page(session, caller.account_id)
        return [self._facts(endpoint) for endpoint in found]

    async def get(self, caller: Caller, name: str) -> EndpointFacts:
        """Find an endpoint by its id on the wire, or the default one by its name."""
        async with self._database.reading() as session:
            return self._facts(await find(session, caller.account_id, name))

    async def change(self, caller: Caller, name: str, changes: dict[str, Any]) -> EndpointFacts:
        """Change the given fields: `url`, `events`, `description`, `enabled`.

        Raises:
            NotFound: there is no such endpoint.
            WebhookUrlRefused: nothing is sent there.
        """
        url = changes.get("url")
        if url is not None:
            await self._guard.check(url, seconds=CHECK_SECONDS)
        async with self._database.transaction() as session:
            endpoint = await find(session, caller.account_id, name)
            if endpoint.url is None and changes.keys() & {"url", "events"}:
                raise ValidationFailed("The default endpoint has neither an address nor a choice of events of its own")
            columns = dict(changes)
            if url is not None:
                key = await account_key(session, self._vault, caller.account_id)
                columns["url"] = webhook_secrets.seal(
                    key, url, account_id=caller.account_id, owner_id=endpoint.id, field=URL
                )
            if "enabled" in changes:
                columns |= {"disabled_reason": None if changes["enabled"] else "owner", "failing_since": None}
            await webhooks.change(session, endpoint, columns)
            trail.record(session, caller, "webhook.changed", endpoint.id, details={"fields": sorted(changes)})
            # Deliveries that waited while it was disabled are due by now.
            await webhooks.wake(session)
            return self._facts(endpoint)

    async def remove(self, caller: Caller, name: str) -> None:
        """Remove an endpoint with its log and its waiting deliveries."""
        async with self._database.transaction() as session:
            endpoint = await find(session, caller.account_id, name)
            await webhooks.remove(session, endpoint.id)
            trail.record(session, caller, "webhook.deleted", endpoint.id)

    async def rotate_secret(self, submission: Submission, name: str) -> MadeSecret:
        """Make a new secret; the previous one signs beside it for a day. A missing default endpoint is created."""
        account_id, secret = submission.account_id, new_secret()
        async with self._database.transaction() as session:
            key = await account_key(session, self._vault, account_id)
            if name == DEFAULT and await webhooks.default_of_account(session, account_id) is None:
                await webhooks.add_default(session, default_endpoint(key, account_id, new_secret()))
            endpoint = await find(session, account_id, name)
            sealed = webhook_secrets.seal(key, secret, account_id=account_id, owner_id=endpoint.id, field=SECRET)
            await webhooks.replace_secret(session, endpoint.id, sealed, grace=GRACE)
            trail.record(session, submission.caller, "webhook.secret_rotated", endpoint.id)
            await submission.record(session, "webhook", endpoint.id, answer=secret.encode())
            await session.reload(endpoint)
            return MadeSecret(self._facts(endpoint), secret)

    def _facts(self, endpoint: WebhookEndpoint) -> EndpointFacts:
        same = {name: getattr(endpoint, name) for name in EndpointFacts.__slots__ if name != "url"}
        return EndpointFacts(url=self._url(endpoint), **same)

    def _url(self, endpoint: WebhookEndpoint) -> str | None:
        if endpoint.url is None:
            return None
        return webhook_secrets.unseal(
            self._vault, endpoint.url, account_id=endpoint.account_id, owner_id=endpoint.id, field=URL
        )


async def find(session: ReadSession, account_id: UUID, name: str) -> WebhookEndpoint:
    """Find an account's endpoint by its id on the wire, or the default one by its name. Raises NotFound."""
    if name == DEFAULT:
        endpoint = await webhooks.default_of_account(session, account_id)
    else:
        endpoint = await webhooks.of_account(session, account_id, ids.from_wire("whk", name))
    if endpoint is None:
        raise NotFound
    return endpoint
