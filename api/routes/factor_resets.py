"""Routes of resets of lost second factors: of operators, and of the user by the link of a mail."""

from fastapi import Request

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Administration, Anyone, RecentOperator
from api.rates import count_log_in
from api.routes.credentials import LINKS
from api.routing import Router
from api.schemas.administration import FactorResetRequest, ManagedUser
from api.schemas.auth import Link
from backplane import ids

router = Router(prefix="/api/v1/admin/users/{user_id}/factor-reset", tags=["admin"])
links = Router(prefix="/api/v1/auth/factors/reset", tags=["accounts"])
ENDED = ("not-found", "no-factor-reset", "factors-already-reset")


@router.post(
    "",
    status_code=202,
    responses=problems(
        *AUTHENTICATED,
        *WITH_BODY,
        "reauthentication-required",
        "not-found",
        "no-second-factor",
        "factor-reset-pending",
    ),
)
async def request_factor_reset(
    user_id: str, wanted: FactorResetRequest, caller: RecentOperator, administration: Administration
) -> ManagedUser:
    """Ask for the removal of all second factors of a user who has lost them. For operators.

    Nothing is removed yet. Another operator confirms it, or the user with the link of a mail, within 24 hours. The user
    can refuse it with the same link.
    """
    found = ids.from_wire("usr", user_id)
    await administration.factor_resets.request(caller, found, wanted.reason)
    return ManagedUser.of(await administration.users.get(found))


@router.post(
    "/confirm",
    responses=problems(*AUTHENTICATED, "reauthentication-required", "second-operator-required", *ENDED),
)
async def confirm_factor_reset(user_id: str, caller: RecentOperator, administration: Administration) -> ManagedUser:
    """Remove the second factors of a user, as another operator than the one who asked for it.

    The login sessions of the user end, and a mail says so. The password stays.
    """
    found = ids.from_wire("usr", user_id)
    await administration.factor_resets.confirm(caller, found)
    return ManagedUser.of(await administration.users.get(found))


@router.delete("", status_code=204, responses=problems(*AUTHENTICATED, *ENDED))
async def withdraw_factor_reset(user_id: str, caller: RecentOperator, administration: Administration) -> None:
    """Withdraw a request, as any operator. The link of the mail ends."""
    await administration.factor_resets.withdraw(caller, ids.from_wire("usr", user_id))


@links.post("/confirm", status_code=204, responses=problems(*WITH_BODY, *LINKS, "factors-already-reset"))
async def confirm_own_factor_reset(
    request: Request, link: Link, caller: Anyone, administration: Administration
) -> None:
    """Remove your second factors, by the token of the mail. All login sessions end; the password stays."""
    await count_log_in(request)
    await administration.factor_resets.confirm_by_link(caller, link.token.get_secret_value())


@links.post("/refuse", status_code=204, responses=problems(*WITH_BODY, *LINKS))
async def refuse_own_factor_reset(request: Request, link: Link, caller: Anyone, administration: Administration) -> None:
    """Refuse the removal of your second factors, by the token of the mail. Nothing changes, and the request ends."""
    await count_log_in(request)
    await administration.factor_resets.refuse_by_link(caller, link.token.get_secret_value())
