"""The errors of second factors.

ApplicationError
├── LogInExpired                            401
├── SecondFactorRequired, CodeWrong,
│   ClockWrong, PasskeyRefused,
│   SecondOperatorRequired                  403
└── FactorExists, FactorNotBegun,
    NoSecondFactor, FactorsAlreadyReset,
    FactorResetPending, NoFactorReset,
    PasskeyKnown, TooManyPasskeys,
    PasskeysUnavailable                     409
"""

from collections.abc import Collection

from backplane.errors import ApplicationError


class SecondFactorRequired(ApplicationError):
    """The password is right; the user has a second factor."""

    code = "second-factor-required"
    status = 403
    title = "A second factor is needed"

    def __init__(self, methods: Collection[str], *, pending: str | None = None) -> None:
        super().__init__()
        self.methods = tuple(methods)
        """What the user has: values of `amr`."""
        self.pending = pending
        """A secret that finishes the log-in with one of them; None where the request must be repeated with one."""


class LogInExpired(ApplicationError):
    code = "log-in-expired"
    status = 401
    title = "The log-in that this would finish is over"


class CodeWrong(ApplicationError):
    code = "code-wrong"
    status = 403
    title = "The code is wrong or was used"


class ClockWrong(ApplicationError):
    code = "clock-wrong"
    status = 403
    title = "The code belongs to another time"


class PasskeyRefused(ApplicationError):
    code = "passkey-refused"
    status = 403
    title = "The passkey is not accepted"


class FactorExists(ApplicationError):
    code = "factor-exists"
    status = 409
    title = "An authenticator app is set up already"


class FactorNotBegun(ApplicationError):
    code = "factor-not-begun"
    status = 409
    title = "There is no authenticator app to confirm"


class NoSecondFactor(ApplicationError):
    code = "no-second-factor"
    status = 409
    title = "The user has no second factor"


class FactorsAlreadyReset(ApplicationError):
    code = "factors-already-reset"
    status = 409
    title = "The second factors were reset already"


class SecondOperatorRequired(ApplicationError):
    code = "second-operator-required"
    status = 403
    title = "Another operator must confirm this"


class FactorResetPending(ApplicationError):
    code = "factor-reset-pending"
    status = 409
    title = "A reset of these second factors waits for its confirmation"


class NoFactorReset(ApplicationError):
    code = "no-factor-reset"
    status = 409
    title = "No reset of these second factors waits for a confirmation"


class PasskeyKnown(ApplicationError):
    code = "passkey-known"
    status = 409
    title = "This passkey is registered already"


class TooManyPasskeys(ApplicationError):
    code = "too-many-passkeys"
    status = 409
    title = "You have as many passkeys as you may have"


class PasskeysUnavailable(ApplicationError):
    code = "passkeys-unavailable"
    status = 409
    title = "Passkeys do not work at this address"
