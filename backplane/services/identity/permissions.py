"""Permissions: what a credential may be allowed to do, and which roles of an account allow it.

This is the one table of roles. Each route of an account demands one permission (`api.dependencies`), so it is also the
table of roles and routes.
"""

from dataclasses import dataclass
from typing import Final

OWNER, ADMIN, MEMBER, AUDITOR = "owner", "admin", "member", "auditor"
ROLES: Final = (OWNER, ADMIN, MEMBER, AUDITOR)

EVERYBODY: Final = frozenset(ROLES)
MEMBERS: Final = frozenset({OWNER, ADMIN, MEMBER})
ADMINS: Final = frozenset({OWNER, ADMIN})
REVIEWERS: Final = frozenset({OWNER, ADMIN, AUDITOR})
OWNERS: Final = frozenset({OWNER})


@dataclass(frozen=True, slots=True)
class Permission:
    allows: str
    """What it allows, as the continuation of "this lets you"."""
    roles: frozenset[str]


PERMISSIONS: Final = {
    "jobs:read": Permission("see jobs, batches, reports and receipts", EVERYBODY),
    "jobs:write": Permission("encrypt and decrypt, cancel, retry and delete jobs", MEMBERS),
    "results:read": Permission("fetch encrypted and decrypted pictures", MEMBERS),
    "keys:export": Permission("fetch key files", MEMBERS),
    "webhooks:read": Permission("see webhook endpoints and the messages sent to them", EVERYBODY),
    "webhooks:write": Permission(
        "make, change and delete webhook endpoints, replace their secrets, have messages sent", ADMINS
    ),
    "api-keys:read": Permission("see API keys, without their secrets", REVIEWERS),
    "api-keys:write": Permission("make, change, rotate and revoke API keys", ADMINS),
    "usage:read": Permission("see usage and limits", EVERYBODY),
    "audit:read": Permission("search, export and verify the audit trail, and see security events", REVIEWERS),
    "account:read": Permission("see the account and its members", EVERYBODY),
    "account:write": Permission("rename the account, invite and remove members, change their roles", ADMINS),
    "account:own": Permission(
        "hand the account over, close and erase it, export its data and fetch the export", OWNERS
    ),
}
SCOPES: Final = frozenset(PERMISSIONS)
PERSONAL: Final = frozenset({"account:own"})
"""No API key has these: handing an account over, erasing and exporting it are for a person."""


def permitted(role: str | None) -> frozenset[str]:
    """Return the permissions of a role."""
    return _PERMITTED.get(role or "", frozenset())


_PERMITTED: Final = {
    role: frozenset(name for name, permission in PERMISSIONS.items() if role in permission.roles) for role in ROLES
}
