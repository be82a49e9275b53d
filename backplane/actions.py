"""The actions of the audit trail, as a type: an entry with another one is an error of the type checker.

docs/reference/audit-actions.md says what each means, and `console/src/lib/audit-words.ts` puts it into a sentence.
"""

from typing import Final, Literal, get_args

Action = Literal[
    # Logging in
    "account.login",
    "account.logout",
    "account.second_factor",
    "account.confirmed",
    "account.refresh_reused",
    "session.confirmed",
    "session.end",
    # Users: registration, password, address, providers, factors
    "account.registered",
    "account.registration_requested",
    "password.changed",
    "password.reset_requested",
    "email.change_requested",
    "email.changed",
    "email.verified",
    "identity.linked",
    "identity.unlinked",
    "factor.begun",
    "factor.added",
    "factor.renamed",
    "factor.removed",
    "factors.reset",
    "passkey.counter_back",
    "recovery_code.used",
    "recovery_codes.renewed",
    "mail.chosen",
    # Accounts and members
    "account.created",
    "account.renamed",
    "account.closed",
    "member.joined",
    "member.left",
    "member.removed",
    "member.role_changed",
    "invitation.made",
    "invitation.resent",
    "invitation.revoked",
    # API keys
    "api_key.created",
    "api_key.changed",
    "api_key.rotated",
    "api_key.revoked",
    "api_key.refused",
    # Jobs and batches
    "image.encrypt",
    "image.decrypt",
    "image.analyze",
    "image.avalanche",
    "job.cancel",
    "job.retry",
    "job.delete",
    "job.expire",
    "job.redrive",
    "batch.delete",
    # What left the service
    "key.exported",
    "material.downloaded",
    "report.downloaded",
    "result.downloaded",
    "audit.exported",
    # Webhooks
    "webhook.created",
    "webhook.changed",
    "webhook.deleted",
    "webhook.disabled",
    "webhook.replayed",
    "webhook.secret_rotated",
    "webhook.tested",
    # Operators, and the installation
    "account.tier",
    "account.suspend",
    "account.reinstate",
    "user.suspend",
    "user.reinstate",
    "user.unlock",
    "user.operator_granted",
    "user.operator_revoked",
    "operator.made",
    "signing_key.rotated",
    "api_key_pepper.rotated",
    "audit.restored",
]

ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
