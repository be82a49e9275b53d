"""Opening of what rows hold sealed, for the export of their own account."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from backplane.db.models import Batch, BatchItem, Job, WebhookEndpoint
from backplane.errors import ApplicationError
from backplane.services.batches.names import ItemNames
from backplane.services.sealing.notes import NoteReader
from backplane.services.webhooks import secrets as webhook_secrets
from backplane.vault import LocalVault


class Opening:
    """Opens sealed columns of one account. What does not open is null: the rest of the row is still its owner's."""

    def __init__(self, vault: LocalVault, account_id: UUID) -> None:
        self._vault = vault
        self._account_id = account_id
        self._notes = NoteReader(vault, account_id)

    def note(self, owner: Job | Batch) -> Mapping[str, Any]:
        note = self._notes.read(owner)
        return {"file_name": note.file_name, "reference": note.reference, "metadata": dict(note.metadata)}

    def item_name(self, item: BatchItem) -> Mapping[str, Any]:
        names = ItemNames(self._vault, account_id=self._account_id, batch_id=item.batch_id)
        return {"file_name": names.open(item.file_name, index=item.index)}

    def webhook_url(self, endpoint: WebhookEndpoint) -> Mapping[str, Any]:
        url = None
        if endpoint.url is not None:
            with suppress(ApplicationError):
                url = webhook_secrets.unseal(
                    self._vault,
                    endpoint.url,
                    account_id=self._account_id,
                    owner_id=endpoint.id,
                    field=webhook_secrets.URL,
                )
        return {"url": url}
