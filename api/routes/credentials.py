"""Routes of passwords and addresses: confirm, forget, change. No GET changes anything."""

from typing import Any

from fastapi import Request

from api.admission import principal_of
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Anyone, Identity, RecentPerson
from api.rates import count_log_in
from api.routing import Router
from api.schemas.auth import (
    Account,
    AddressChange,
    Challenge,
    ForgottenPassword,
    Link,
    PasswordChange,
    PasswordReset,
    PendingAddress,
)
from backplane import ids

LINKS = ("link-unknown", "link-expired", "link-used")

router = Router(prefix="/api/v1/auth", tags=["accounts"])


@router.get("/challenge", response_model=Challenge, responses=problems())
async def get_challenge(identity: Identity) -> dict[str, Any]:
    """Get a challenge for a proof of work (ALTCHA): its solution is valid for one registration within ten minutes."""
    return identity.proof_of_work.challenge()


@router.post("/verify-email", responses=problems(*WITH_BODY, *LINKS, "email-taken"))
async def verify_email(link: Link, caller: Anyone, identity: Identity) -> Account:
    """Confirm the address of a registration, by the token of the mail. The account is made now."""
    facts = await identity.registrations.verify(caller, link.token.get_secret_value())
    return Account(account_id=ids.to_wire("acc", facts.id), email=facts.email)


@router.post("/password/reset", status_code=202, responses=problems(*WITH_BODY, "mail-not-configured"))
async def request_password_reset(
    request: Request, forgotten: ForgottenPassword, caller: Anyone, identity: Identity
) -> PendingAddress:
    """Ask for a mail with a link that sets a new password.

    The answer is the same whether or not the address has an account. The link works once, within an hour. One address
    gets at most five mails an hour.
    """
    await count_log_in(request)
    await identity.passwords.request_reset(caller, forgotten.email)
    return PendingAddress(email=forgotten.email.lower())


@router.post("/password/reset/confirm", status_code=204, responses=problems(*WITH_BODY, *LINKS, "password-too-common"))
async def reset_password(request: Request, reset: PasswordReset, caller: Anyone, identity: Identity) -> None:
    """Set a new password, by the token of the mail. All login sessions end, and a mail says so.

    A refused password does not use up the token.
    """
    await count_log_in(request)
    await identity.passwords.reset(caller, reset.token.get_secret_value(), new=reset.password.get_secret_value())


@router.post(
    "/password",
    status_code=204,
    responses=problems(
        *AUTHENTICATED,
        *WITH_BODY,
        "reauthentication-required",
        "wrong-password",
        "second-factor-required",
        "code-wrong",
        "clock-wrong",
        "password-too-common",
        "too-many-attempts",
    ),
)
async def change_password(request: Request, change: PasswordChange, caller: RecentPerson, identity: Identity) -> None:
    """Change the password. All other login sessions end, and a mail says so.

    A known password alone does not change it: in a browser you have confirmed who you are within ten minutes, and with
    the token of a program you send the code of a second factor as `otp`, if you have one.
    """
    await identity.passwords.change(
        caller,
        principal_of(request).session_id,
        current=change.current_password.get_secret_value(),
        new=change.password.get_secret_value(),
        proof=change.proof,
    )


@router.post(
    "/email",
    status_code=202,
    responses=problems(*AUTHENTICATED, *WITH_BODY, "reauthentication-required", "mail-not-configured"),
)
async def request_email_change(change: AddressChange, caller: RecentPerson, identity: Identity) -> PendingAddress:
    """Ask for a mail with a link that makes this address the one of the user. Your present address confirms it.

    The answer is the same whether or not the address has another account.
    """
    await identity.addresses.request(caller, change.email)
    return PendingAddress(email=change.email.lower())


@router.post("/email/confirm", responses=problems(*WITH_BODY, *LINKS, "email-taken"))
async def confirm_email_change(link: Link, caller: Anyone, identity: Identity) -> PendingAddress:
    """Make the confirmed address the one that the user logs in with. Both addresses get a mail."""
    return PendingAddress(email=await identity.addresses.confirm(caller, link.token.get_secret_value()))
