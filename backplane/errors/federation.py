"""The refusals of log-ins by identity providers.

FederationError
├── AuthorizationInvalid                    400
├── ProviderDenied, ProviderEmailUnverified,
│   ProviderDomainRefused,
│   ProviderRegistrationClosed              403
├── AccountLinkRequired, IdentityTaken,
│   LastLoginMethod, ProviderCannotConfirm  409
├── ProviderAnswerInvalid                   502
└── ProviderUnavailable                     503  with Retry-After
"""

from backplane.errors import ApplicationError


class FederationError(ApplicationError):
    """Somebody cannot log in by a provider, or an identity cannot be linked or unlinked."""


class AuthorizationInvalid(FederationError):
    code = "authorization-invalid"
    status = 400
    title = "This log-in by a provider was not begun here, is over, or was used"


class ProviderDenied(FederationError):
    code = "provider-denied"
    status = 403
    title = "The provider did not log you in"


class ProviderEmailUnverified(FederationError):
    code = "provider-email-unverified"
    status = 403
    title = "The provider names no email address that it has verified"


class ProviderDomainRefused(FederationError):
    code = "provider-domain-refused"
    status = 403
    title = "Addresses of this domain may not log in by this provider"


class ProviderRegistrationClosed(FederationError):
    code = "provider-registration-closed"
    status = 403
    title = "Nobody may register by this provider"


class ProviderCannotConfirm(FederationError):
    code = "provider-cannot-confirm"
    status = 409
    title = "This provider cannot confirm who you are"


class ProviderAnswerInvalid(FederationError):
    code = "provider-answer-invalid"
    status = 502
    title = "The provider's answer is not valid"


class ProviderUnavailable(FederationError):
    code = "provider-unavailable"
    status = 503
    title = "The provider does not answer"
    retry_after = 10


class AccountLinkRequired(FederationError):
    code = "account-link-required"
    status = 409
    title = "This address has an account here, which is not linked to the provider"


class IdentityTaken(FederationError):
    code = "identity-taken"
    status = 409
    title = "This identity is linked to another user"


class LastLoginMethod(FederationError):
    code = "last-login-method"
    status = 409
    title = "Without it you could not log in any more"
