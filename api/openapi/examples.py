"""Examples in the OpenAPI document: Ada encrypts a picture, decrypts it, sends a batch, and is notified of the end.

All examples share their ids, times and sizes; a test checks them against their schemas and against each other.
"""

from typing import Any

from api.schemas.batches import BATCH_EXAMPLE
from api.schemas.jobs import JOB_EXAMPLE

EMAIL, PASSWORD = "ada@example.org", "correct horse battery staple"
JOB_ID, KEY_ID = JOB_EXAMPLE["job_id"], "key_018f0e1c5b7e7c4c8d2f0a6d3b1e9f44"
JOB, BATCH = f"/api/v1/jobs/{JOB_ID}", f"/api/v1/batches/{BATCH_EXAMPLE['batch_id']}"
ENDED = "2026-01-02T03:04:06.345678Z"

ACCOUNT = {"account_id": "acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42", "email": EMAIL}
ME = {
    "user_id": "usr_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    **ACCOUNT,
    "tier": "enterprise",
    "operator": True,
    "scopes": ["jobs:read", "jobs:write", "keys:export", "webhooks:read", "webhooks:write"],
    "created_at": "2026-01-02T03:00:00.000000Z",
}
MEMBERSHIP = {
    "account_id": ACCOUNT["account_id"],
    "name": "Radiology",
    "personal": False,
    "role": "owner",
    "tier": "enterprise",
    "suspended_at": None,
    "closed_at": None,
    "created_at": "2026-01-02T03:00:00.000000Z",
}
MEMBER = {
    "user_id": ME["user_id"],
    "email": EMAIL,
    "role": "owner",
    "joined_at": "2026-01-02T03:00:00.000000Z",
}
INVITATION = {
    "id": "inv_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    "email": EMAIL,
    "role": "member",
    "invited_by": ME["user_id"],
    "sent_at": "2026-01-02T03:00:00.000000Z",
    "expires_at": "2026-01-09T03:00:00.000000Z",
    "created_at": "2026-01-02T03:00:00.000000Z",
}
OFFER = {
    "account_name": "Radiology",
    "inviter": EMAIL,
    "email": EMAIL,
    "role": "member",
    "expires_at": "2026-01-09T03:00:00.000000Z",
}
TOKENS = {
    "access_token": "eyJhbGciOiJFUzI1NiIs…",
    "refresh_token": "hO4nXq0cUu1mJw…",
    "token_type": "bearer",
    "expires_in": 900,
    "scope": "jobs:read jobs:write keys:export webhooks:read webhooks:write",
}
SESSION = {name: TOKENS[name] for name in ("access_token", "expires_in")}
ACCEPTED = JOB_EXAMPLE | {
    "status": "pending",
    "progress": 0,
    "stage": "queued",
    "quantum_purity": {"requested": "balanced", "served": None, "reason": None},
    "layout_reason": None,
    "attempts": 0,
    "started_at": None,
}
COMPLETED = JOB_EXAMPLE | {
    "status": "completed",
    "progress": 100,
    "stage": "completed",
    "key_id": KEY_ID,
    "result_url": f"{JOB}/result",
    "key_file_url": f"{JOB}/key-file",
    "receipt_url": f"{JOB}/receipt",
    "metrics": {
        "timings_ms": {"validating": 61.2, "generating_quantum_keys": 1.4, "encrypting": 310.8, "authenticating": 9.7}
    },
    "completed_at": ENDED,
    "expires_at": "2026-02-01T03:04:06.345678Z",
}
DECRYPTING = ACCEPTED | {
    "job_id": "job_018f0e1c5b7f7c4c8d2f0a6d3b1e9f45",
    "kind": "decrypt",
    "quantum_purity": None,
    "share_encrypted": None,
    "key_id": KEY_ID,
    "key_custody": None,
    "file_name": "scan-1.enc.png",
    "image": None,
    "created_at": "2026-01-02T03:05:00.000000Z",
}
COMPLETED_BATCH = BATCH_EXAMPLE | {
    "status": "completed",
    "counts": {"total": 2, "pending": 0, "processing": 0, "completed": 1, "failed": 1, "cancelled": 0},
    "result_url": f"{BATCH}/result",
    "completed_at": ENDED,
    "expires_at": "2026-02-01T03:04:06.345678Z",
    "items": [BATCH_EXAMPLE["items"][0] | {"status": "completed"}, BATCH_EXAMPLE["items"][1]],
}
ENDPOINT = {
    "id": "whk_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    "url": "https://example.org/hooks/imageshield",
    "events": ["job.completed", "job.failed"],
    "description": "the archive",
    "enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "previous_secret_until": None,
    "created_at": "2026-01-02T03:00:00.000000Z",
}
DELIVERY = {
    "id": "whd_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    "webhook_id": ENDPOINT["id"],
    "event_id": "evt_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    "event_type": "job.completed",
    "subject_id": JOB_ID,
    "status": "delivered",
    "next_attempt_at": None,
    "created_at": ENDED,
    "attempts": [
        {
            "number": 1,
            "started_at": "2026-01-02T03:04:06.400000Z",
            "outcome": "delivered",
            "status_code": 204,
            "duration_ms": 83,
        }
    ],
}

API_KEY = {
    "id": "apk_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
    "account_id": ACCOUNT["account_id"],
    "name": "nightly archive",
    "prefix": "qis_live_0123",
    "scopes": ["jobs:read", "jobs:write", "results:read"],
    "rate_per_hour": None,
    "networks": ["192.0.2.0/24"],
    "status": "active",
    "created_by": ME["user_id"],
    "created_at": "2026-01-02T03:00:00.000000Z",
    "expires_at": "2026-04-02T03:00:00.000000Z",
    "last_used_at": None,
    "replaced_by": None,
    "grace_until": None,
    "revoked_at": None,
}

PENDING = "Yk7mB0dJq1tU3w…"
NEW_ACCOUNT = {"email": EMAIL, "password": PASSWORD}
NEW_ENDPOINT = {name: ENDPOINT[name] for name in ("url", "events", "description")}
NEW_API_KEY = {name: API_KEY[name] for name in ("name", "scopes", "networks")} | {"expires_in_days": 90}
LOGIN = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}
REQUESTS: dict[str, Any] = {
    "register": NEW_ACCOUNT,
    "get_token": LOGIN,
    "start_session": NEW_ACCOUNT,
    "finish_session": {"pending": PENDING, "otp": "492039"},
    "ask_for_passkey": {"pending": PENDING},
    "confirm_session": {"password": PASSWORD},
    "issue_ticket": {"job_id": JOB_ID},
    "create_api_key": NEW_API_KEY,
    "change_api_key": {"name": "weekly archive"},
    "rotate_api_key": {"grace_hours": 24},
    "create_webhook": NEW_ENDPOINT,
    "change_webhook": {"enabled": True},
    "create_account": {"name": "Radiology"},
    "rename_account": {"name": "Radiology"},
    "hand_over_account": {"user_id": ME["user_id"]},
    "change_role": {"role": "admin"},
    "create_invitation": {"email": EMAIL, "role": "member"},
    "wrap_key_file": {"master_password": PASSWORD},
}
"""By operation."""


def _page(*data: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(data), "has_more": False, "next_cursor": None}


ADDRESS = {"email": ACCOUNT["email"]}

ANSWERS: dict[tuple[str, str], Any] = {
    ("register", "201"): ACCOUNT,
    ("get_token", "200"): TOKENS,
    ("start_session", "200"): SESSION,
    ("refresh_session", "200"): SESSION,
    ("finish_session", "200"): SESSION,
    ("confirm_session", "200"): SESSION,
    ("get_me", "200"): ME,
    ("get_setup", "200"): {
        "empty": False,
        "operator": True,
        "registration": "open",
        "mail": True,
        "mail_verification": False,
        "proof_of_work": False,
        "outbox": False,
    },
    ("register", "202"): ADDRESS,
    ("verify_email", "200"): ACCOUNT,
    ("request_password_reset", "202"): ADDRESS,
    ("request_email_change", "202"): ADDRESS,
    ("confirm_email_change", "200"): ADDRESS,
    ("create_account", "201"): MEMBERSHIP,
    ("get_account", "200"): MEMBERSHIP,
    ("list_accounts", "200"): _page(MEMBERSHIP),
    ("list_members", "200"): _page(MEMBER),
    ("create_invitation", "201"): INVITATION | {"link": None},
    ("list_invitations", "200"): _page(INVITATION),
    ("show_invitation", "200"): OFFER,
    ("accept_invitation", "200"): MEMBERSHIP | {"role": "member"},
    ("encrypt", "202"): ACCEPTED,
    ("encrypt", "200"): COMPLETED,
    ("get_job", "200"): COMPLETED,
    ("list_jobs", "200"): _page(COMPLETED),
    ("decrypt", "202"): DECRYPTING,
    ("encrypt_batch", "202"): BATCH_EXAMPLE,
    ("encrypt_batch", "200"): COMPLETED_BATCH,
    ("get_batch", "200"): COMPLETED_BATCH,
    ("list_batches", "200"): _page({name: COMPLETED_BATCH[name] for name in COMPLETED_BATCH if name != "items"}),
    ("issue_ticket", "201"): {"ticket": "kD0oXl0cVw8mJw…", "expires_at": "2026-01-02T03:04:36.000000Z"},
    ("create_api_key", "201"): API_KEY | {"secret": "qis_live_0123…"},
    ("get_api_key", "200"): API_KEY,
    ("list_api_keys", "200"): _page(API_KEY),
    ("create_webhook", "201"): ENDPOINT | {"secret": "whsec_…"},
    ("get_webhook", "200"): ENDPOINT,
    ("list_webhooks", "200"): _page(ENDPOINT),
    ("list_deliveries", "200"): _page(DELIVERY),
    ("get_delivery", "200"): DELIVERY,
    ("health", "200"): {"status": "ok"},
    ("ready", "200"): {
        "status": "ok",
        "checks": {"database": "ok", "object_store": "ok", "redis": "ok", "workers": "ok"},
    },
}
"""By operation and status, of its JSON."""


def illustrate(operation: dict[str, Any]) -> None:
    """Put the examples into an operation."""
    name = operation["operationId"]
    if name in REQUESTS:
        [content] = operation["requestBody"]["content"].values()
        content["example"] = REQUESTS[name]
    for status, response in operation["responses"].items():
        if (name, status) in ANSWERS:
            response["content"]["application/json"]["example"] = ANSWERS[name, status]
