"""Secrets of jobs, sealed under the transit key of the day, in the row of a job or a blob."""

import json
from typing import Any
from uuid import UUID

from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed


def seal_for_job(vault: LocalVault, *, account_id: UUID, job_id: UUID, value: dict[str, Any]) -> bytes:
    key = vault.transit_key_of_today()
    return key.id.bytes + key.seal(json.dumps(value).encode(), _aad(account_id, job_id, key.id))


def open_for_job(vault: LocalVault, *, account_id: UUID, job_id: UUID, sealed: bytes) -> dict[str, Any]:
    """Open what `seal_for_job` sealed. Raises Gone once its transit key has been destroyed."""
    key = vault.transit_key(UUID(bytes=sealed[:16]))
    value: dict[str, Any] = json.loads(key.open(sealed[16:], _aad(account_id, job_id, key.id)))
    return value


def _aad(account_id: UUID, job_id: UUID, transit_id: UUID) -> bytes:
    return LABELS.job_secret + framed(account_id.bytes) + framed(job_id.bytes) + framed(transit_id.bytes)
