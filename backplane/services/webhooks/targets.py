"""The `webhook_url` of a job or a batch: checked and sealed, with a secret to sign its messages."""

from uuid import UUID

from backplane import ids
from backplane.addresses import Guard
from backplane.db.models import WebhookEndpoint
from backplane.db.repositories import webhooks
from backplane.db.session import Database
from backplane.services.requests.submission import Submission
from backplane.services.sealing.account_keys import account_key
from backplane.services.webhooks import secrets as webhook_secrets
from backplane.services.webhooks.events import EVENTS
from backplane.services.webhooks.secrets import SECRET, URL, new_secret
from backplane.vault import LocalVault, VaultKey

CHECK_SECONDS = 2.0
"""How long a caller waits for a name server. The sender asks again in any case."""


class WebhookTargets:
    def __init__(self, database: Database, vault: LocalVault, guard: Guard) -> None:
        self._database = database
        self._vault = vault
        self._guard = guard

    async def seal(self, submission: Submission, owner_id: UUID) -> bytes | None:
        """Return the sealed address of the submission, for the job or batch of this id; None without one.

        Raises:
            WebhookUrlRefused: nothing is sent there.
        """
        url = submission.webhook_url
        if url is None:
            return None
        await self._guard.check(url, seconds=CHECK_SECONDS)
        async with self._database.transaction() as session:
            key = await account_key(session, self._vault, submission.account_id)
            if await webhooks.default_of_account(session, submission.account_id) is None:
                await webhooks.add_default(session, default_endpoint(key, submission.account_id, new_secret()))
        return webhook_secrets.seal(key, url, account_id=submission.account_id, owner_id=owner_id, field=URL)


def default_endpoint(key: VaultKey, account_id: UUID, secret: str) -> WebhookEndpoint:
    """Make the account's endpoint without an address: what goes to a `webhook_url` is signed and logged under it."""
    endpoint_id = ids.new()
    return WebhookEndpoint(
        id=endpoint_id,
        account_id=account_id,
        secret=webhook_secrets.seal(key, secret, account_id=account_id, owner_id=endpoint_id, field=SECRET),
        events=list(EVENTS),
    )
