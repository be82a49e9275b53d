"""The errors of registrations, passwords, links in mails, API keys and operators.

ApplicationError
├── RegistrationClosed, InvitationRequired,
│   EmailDomainRefused, OperatorCodeInvalid,
│   WrongPassword, ReauthenticationRequired 403
├── LinkUnknown                             404
├── MailNotConfigured, LastOperator,
│   ApiKeyEnded                             409
├── LinkExpired, LinkUsed                   410
├── PasswordTooCommon, ProofOfWorkRefused   422
└── TooManyAttempts                         429  with Retry-After
"""

from backplane.errors import ApplicationError


class WrongPassword(ApplicationError):
    code = "wrong-password"
    status = 403
    title = "The current password is wrong"


class RegistrationClosed(ApplicationError):
    code = "registration-closed"
    status = 403
    title = "This installation accepts no registrations"


class InvitationRequired(ApplicationError):
    code = "invitation-required"
    status = 403
    title = "Only invited people can register"


class EmailDomainRefused(ApplicationError):
    code = "email-domain-refused"
    status = 403
    title = "Addresses of this domain cannot register"


class OperatorCodeInvalid(ApplicationError):
    code = "operator-code-invalid"
    status = 403
    title = "The operator code is not valid"


class LinkUnknown(ApplicationError):
    code = "link-unknown"
    status = 404
    title = "There is no such link"


class MailNotConfigured(ApplicationError):
    code = "mail-not-configured"
    status = 409
    title = "This installation sends no mail"


class LinkExpired(ApplicationError):
    code = "link-expired"
    status = 410
    title = "The link has expired"


class LinkUsed(ApplicationError):
    code = "link-used"
    status = 410
    title = "The link was used before"


class PasswordTooCommon(ApplicationError):
    code = "password-too-common"
    status = 422
    title = "The password is easy to guess"
    field = "password"


class ProofOfWorkRefused(ApplicationError):
    code = "proof-of-work-refused"
    status = 422
    title = "The registration needs a valid proof of work"
    field = "proof_of_work"


class TooManyAttempts(ApplicationError):
    code = "too-many-attempts"
    status = 429
    title = "Too many wrong passwords or codes"


class LastOperator(ApplicationError):
    code = "last-operator"
    status = 409
    title = "The installation would have no operator left"


class ApiKeyEnded(ApplicationError):
    code = "api-key-ended"
    status = 409
    title = "The API key has expired or was replaced"


class ReauthenticationRequired(ApplicationError):
    code = "reauthentication-required"
    status = 403
    title = "Confirm first who you are"
