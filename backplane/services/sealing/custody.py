"""Who can open the key of a job: what its caller asked for, and the wraps that make it so."""

from collections.abc import Mapping, Sequence
from typing import Any

from backplane import ids
from backplane.db.work import AnyJob
from backplane.errors import CustodyConflict, ValidationFailed
from backplane.vault import VaultKey
from shield_core.keys.canonical import b64decode
from shield_core.keys.passphrase import Kdf
from shield_core.keys.recipients import PublicKey, RecipientUnfit, RecipientWrap
from shield_core.keys.stanzas import MAX_STANZAS, PassphraseWrap, VaultWrap, Wrap

MANAGED, PASSPHRASE, RECIPIENT = "managed", "passphrase", "recipient"


def agree_on_custody(asked: str | None, *, password: bool, recipients: bool) -> str:
    """Return the custody that the fields of a request add up to, or refuse fields that contradict each other.

    Recipients may stand beside a password and beside the vault: either opens.
    """
    if password and asked == RECIPIENT:
        raise CustodyConflict("recipient custody takes no master_password: with both, leave key_custody away")
    if password and asked == MANAGED:
        raise CustodyConflict("managed custody takes no master_password")
    if asked == PASSPHRASE and not password:
        raise CustodyConflict("passphrase custody needs master_password")
    if asked == RECIPIENT and not recipients:
        raise CustodyConflict("recipient custody needs recipients")
    return asked or (PASSPHRASE if password else RECIPIENT if recipients else MANAGED)


def read_recipients(texts: Sequence[str], *, beside: bool) -> list[PublicKey]:
    """Read public keys, each once; `beside` tells that something else opens the key file too."""
    try:
        publics = list(dict.fromkeys(PublicKey.parse(text) for text in texts))
    except RecipientUnfit as error:
        raise ValidationFailed(f"recipients: {error}") from error
    if len(publics) + beside > MAX_STANZAS:
        raise ValidationFailed(f"A key file opens in at most {MAX_STANZAS} ways, recipients and the others together")
    return publics


def wraps_of(job: AnyJob, account_key: VaultKey, secret: Mapping[str, Any] | None) -> list[Wrap]:
    """Return what a job's key file is made with: the wrap of its custody, and its recipients beside it."""
    recipients = [RecipientWrap(PublicKey.parse(text)) for text in job.recipients or ()]
    if secret is not None:
        # A second attempt wraps another file key under the same wrap key and nonce. That is sound because a key file
        # leaves an attempt only in the transaction that ends the job: of all attempts at most one is ever seen.
        return [PassphraseWrap(Kdf.from_json(secret["kdf"]), b64decode(secret["wrap_key_b64"])), *recipients]
    if job.key_custody == RECIPIENT:
        return list(recipients)
    account = ids.to_wire("acc", job.account_id)
    return [VaultWrap(account, account_key.id.hex, account_key.version, account_key.secret), *recipients]
