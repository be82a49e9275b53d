"""The refusals of organizations.

ApplicationError
├── InvitationForOther, EmailUnverified     403
├── PersonalAccount, LastOwner,
│   AccountBusy, TooManyAccounts,
│   AlreadyMember, AlreadyInvited,
│   SelfInvitation, TooManyInvitations      409
├── InvitationExpired, InvitationUsed,
│   InvitationRevoked                       410
└── InvitationLimit                         429  with Retry-After
"""

from backplane.errors import ApplicationError


class PersonalAccount(ApplicationError):
    code = "personal-account"
    status = 409
    title = "A personal account has one member, and belongs to its user"


class LastOwner(ApplicationError):
    code = "last-owner"
    status = 409
    title = "An account needs an owner"


class AccountBusy(ApplicationError):
    code = "account-busy"
    status = 409
    title = "Jobs of the account have not ended"


class TooManyAccounts(ApplicationError):
    code = "too-many-accounts"
    status = 409
    title = "You have as many accounts as a user may have"


class AlreadyMember(ApplicationError):
    code = "already-member"
    status = 409
    title = "This user is a member already"


class AlreadyInvited(ApplicationError):
    code = "already-invited"
    status = 409
    title = "This address is invited already"


class SelfInvitation(ApplicationError):
    code = "self-invitation"
    status = 409
    title = "This is your own address"


class TooManyInvitations(ApplicationError):
    code = "too-many-invitations"
    status = 409
    title = "The account has as many open invitations as it may have"


class InvitationForOther(ApplicationError):
    code = "invitation-for-other"
    status = 403
    title = "The invitation is for another address"


class EmailUnverified(ApplicationError):
    code = "email-unverified"
    status = 403
    title = "Your address is not confirmed"


class InvitationExpired(ApplicationError):
    code = "invitation-expired"
    status = 410
    title = "The invitation has expired"


class InvitationUsed(ApplicationError):
    code = "invitation-used"
    status = 410
    title = "The invitation was used before"


class InvitationRevoked(ApplicationError):
    code = "invitation-revoked"
    status = 410
    title = "The invitation was revoked"


class InvitationLimit(ApplicationError):
    code = "invitation-limit"
    status = 429
    title = "No more invitations are mailed for now"
    retry_after = 3600
