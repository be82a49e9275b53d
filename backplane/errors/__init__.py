"""The errors of the use cases, each with its HTTP status and nothing else about HTTP.

ApplicationError
├── Unauthenticated, TokenExpired,
│   ApiKeyExpired                           401
├── InsufficientScope, InsufficientRole,
│   RoleChanged,
│   AccountSuspended, AccountClosed,
│   OriginNotAllowed, TierInsufficient      403
├── NotFound                                404  also for other accounts' objects
├── JobNotFinished, JobFinished, JobFailed,
│   EmailTaken, ClientCustody,
│   WebhookDisabled, IdempotencyInProgress  409
├── Gone                                    410
├── FileTooLarge                            413
├── UnsupportedFormat                       415
├── ValidationFailed, KeyFileRequired,
│   KeyFileTooCostly,
│   CustodyConflict, WebhookUrlRefused,
│   IdempotencyMismatch                     422
├── Overloaded, Unavailable                 503  with Retry-After
├── StorageFull                             507
├── Poison, TimeLimitExceeded               500  of a failed job
├── those of limits, users, factors,
│   organizations and federation            in modules of their names beside this one
└── Refused                                 a `shield_core.errors.ShieldError`, mapped by `from_core`

`code` names a page under docs/problems; `detail` is for the caller and never repeats the caller's data.
"""

from shield_core.errors import ShieldError

CORE_STATUS = {
    "decryption-failed": 400,
    "header-missing": 400,
    "file-too-large": 413,
    "too-many-pixels": 413,
    "unsupported-format": 415,
    "later-version": 415,
    "image-corrupt": 422,
    "image-empty": 422,
    "picture-converted": 422,
    "layout-not-exact": 422,
    "region-invalid": 422,
    "material-required": 422,
    "key-file-invalid": 422,
    "audit-export-invalid": 422,
    "validation-failed": 422,
    "unavailable": 503,
}
"""The HTTP status of every code that the core can raise to a caller."""


class ApplicationError(Exception):
    """A refusal with a stable code."""

    code: str = "internal"
    status: int = 500
    title: str = "Something went wrong"
    retry_after: int | None = None
    field: str | None = None
    """The field of the request that is at fault, where it is one."""

    def __init__(self, detail: str | None = None, *, retry_after: int | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        if retry_after is not None:
            self.retry_after = retry_after


class Unauthenticated(ApplicationError):
    code = "unauthenticated"
    status = 401
    title = "No valid credential was given"


class TokenExpired(ApplicationError):
    code = "token-expired"
    status = 401
    title = "The access token has expired"


class ApiKeyExpired(ApplicationError):
    code = "api-key-expired"
    status = 401
    title = "The API key has expired"


class InsufficientScope(ApplicationError):
    code = "insufficient-scope"
    status = 403
    title = "The credential lacks the scope for this"


class InsufficientRole(ApplicationError):
    code = "insufficient-role"
    status = 403
    title = "Your role in the account does not allow this"


class RoleChanged(ApplicationError):
    code = "role-changed"
    status = 403
    title = "Your role in the account has changed meanwhile"


class AccountSuspended(ApplicationError):
    code = "account-suspended"
    status = 403
    title = "The account is suspended"


class AccountClosed(ApplicationError):
    code = "account-closed"
    status = 403
    title = "The account is closed"


class OriginNotAllowed(ApplicationError):
    code = "origin-not-allowed"
    status = 403
    title = "The request does not come from a page of this service"


class TierInsufficient(ApplicationError):
    code = "tier-insufficient"
    status = 403
    title = "The tier of the account does not include this"


class NotFound(ApplicationError):
    code = "not-found"
    status = 404
    title = "There is no such object"


class JobNotFinished(ApplicationError):
    code = "job-not-finished"
    status = 409
    title = "The job has not finished"
    retry_after = 1


class JobFinished(ApplicationError):
    code = "job-finished"
    status = 409
    title = "The job has already finished"


class JobFailed(ApplicationError):
    code = "job-failed"
    status = 409
    title = "The job has failed"


class EmailTaken(ApplicationError):
    code = "email-taken"
    status = 409
    title = "An account with this email exists"


class ClientCustody(ApplicationError):
    code = "client-custody"
    status = 409
    title = "Only its holders can open this key"


class WebhookDisabled(ApplicationError):
    code = "webhook-disabled"
    status = 409
    title = "The webhook endpoint is disabled"


class IdempotencyInProgress(ApplicationError):
    code = "idempotency-in-progress"
    status = 409
    title = "A request with this idempotency key is under way"
    retry_after = 1


class Gone(ApplicationError):
    code = "gone"
    status = 410
    title = "The object is no longer kept"


class FileTooLarge(ApplicationError):
    code = "file-too-large"
    status = 413
    title = "The file is too large"


class ValidationFailed(ApplicationError):
    code = "validation-failed"
    status = 422
    title = "The request is not valid"


class KeyFileTooCostly(ApplicationError):
    code = "key-file-too-costly"
    status = 422
    title = "The key file asks for more work than this service does"


class KeyFileRequired(ApplicationError):
    code = "key-file-required"
    status = 422
    title = "This image needs its key file"


class CustodyConflict(ApplicationError):
    code = "custody-conflict"
    status = 422
    title = "The key custody does not go with the other fields"


class WebhookUrlRefused(ApplicationError):
    code = "webhook-url-refused"
    status = 422
    title = "Nothing is sent to this URL"


class IdempotencyMismatch(ApplicationError):
    code = "idempotency-mismatch"
    status = 422
    title = "The idempotency key was used for another request"


class Overloaded(ApplicationError):
    code = "overloaded"
    status = 503
    title = "The service is busy"
    retry_after = 2


class Unavailable(ApplicationError):
    code = "unavailable"
    status = 503
    title = "A part of the service is not available"
    retry_after = 5


class DatabaseUnavailable(Unavailable):
    """The database does not answer, refuses for now, or is not migrated."""


class StorageFull(ApplicationError):
    code = "storage-full"
    status = 507
    title = "The object store is full"


class Poison(ApplicationError):
    code = "poison"
    status = 500
    title = "The job failed at every attempt"


POISON = Poison()


class TimeLimitExceeded(ApplicationError):
    code = "time-limit-exceeded"
    status = 500
    title = "The job took longer than any job may"


class Refused(ApplicationError):
    """A refusal of the core, with the core's code and title."""

    def __init__(self, *, code: str, title: str, status: int, detail: str | None) -> None:
        self.code, self.title, self.status = code, title, status
        super().__init__(detail)


def from_core(error: ShieldError) -> Refused:
    """Map an error of the core. All decryption failures give one body, so that an attacker cannot tell them apart."""
    detail = None if error.code == "decryption-failed" else str(error) or None
    return Refused(code=error.code, title=error.title, status=CORE_STATUS.get(error.code, 500), detail=detail)


def of_failed_job(code: str, title: str, detail: str | None = None) -> Refused:
    """Return the problem of a failed job, for a caller that waited for it."""
    own = {kind.code: kind.status for kind in ApplicationError.__subclasses__()}
    return Refused(code=code, title=title, status=CORE_STATUS.get(code) or own.get(code, 500), detail=detail)
