"""What a waiting mail says, sealed under the transit key of the day in its row.

The key is destroyed after two days, later than any mail is sent: a database dump of today shows no link of a mail, and
one of last week opens under no key.
"""

import json
from dataclasses import asdict, dataclass, field
from uuid import UUID

from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed


@dataclass(frozen=True, slots=True)
class Content:
    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    unsubscribe_url: str | None = field(repr=False)


def seal(vault: LocalVault, mail_id: UUID, content: Content) -> bytes:
    key = vault.transit_key_of_today()
    return key.id.bytes + key.seal(json.dumps(asdict(content)).encode(), _context(mail_id, key.id))


def unseal(vault: LocalVault, mail_id: UUID, sealed: bytes) -> Content:
    """Open what `seal` sealed. Raises Gone once the transit key of its day has been destroyed."""
    key = vault.transit_key(UUID(bytes=sealed[:16]))
    return Content(**json.loads(key.open(sealed[16:], _context(mail_id, key.id))))


def _context(mail_id: UUID, transit_id: UUID) -> bytes:
    return LABELS.mail + framed(mail_id.bytes) + framed(transit_id.bytes)
