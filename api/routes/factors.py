"""Routes of a user's second factors: authenticator app, passkeys and recovery codes."""

from uuid import UUID

from fastapi import Request, Response

from api.admission import principal_of
from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Identity, Person, RecentPerson
from api.routing import Router
from api.schemas.factors import (
    CodeProof,
    ConfirmedFactor,
    FactorOverview,
    NewAuthenticatorApp,
    RecoveryCodes,
)
from api.schemas.passkeys import PREFIX, AddedPasskey, NewPasskey, Passkey, PasskeyChange, PasskeyOptions
from backplane import ids

router = Router(prefix="/api/v1/auth/factors", tags=["accounts"])
CHANGING = (*AUTHENTICATED, "reauthentication-required")
NO_STORE = {"Cache-Control": "no-store"}


@router.get("", responses=problems(*AUTHENTICATED))
async def get_factors(caller: Person, identity: Identity) -> FactorOverview:
    """See your second factors.

    With an authenticator app or a passkey, a password alone no longer logs you in.
    """
    facts = await identity.factors.list(caller)
    return FactorOverview.of(facts, passkeys_available=identity.factors.passkeys.are_available)


@router.post("/authenticator-app", status_code=201, responses=problems(*CHANGING, "factor-exists"))
async def begin_authenticator_app(caller: RecentPerson, identity: Identity, response: Response) -> NewAuthenticatorApp:
    """Begin to set up an authenticator app: get its secret.

    The app makes codes of six digits, a new one every 30 seconds (RFC 6238, SHA-1). It is a factor from the first code
    on that `…/confirm` accepts. Beginning again makes another secret.
    """
    made = await identity.factors.apps.begin(caller)
    response.headers.update(NO_STORE)
    return NewAuthenticatorApp(secret=made.secret, uri=made.uri, qr_svg=made.qr_svg)


@router.post(
    "/authenticator-app/confirm",
    responses=problems(
        *CHANGING, *WITH_BODY, "factor-not-begun", "factor-exists", "code-wrong", "clock-wrong", "too-many-attempts"
    ),
)
async def confirm_authenticator_app(
    given: CodeProof, caller: RecentPerson, identity: Identity, response: Response
) -> ConfirmedFactor:
    """Finish the set-up of an authenticator app with a code of it.

    With the first factor come ten recovery codes, shown once.
    """
    codes = await identity.factors.apps.confirm(caller, given.code.get_secret_value())
    response.headers.update(NO_STORE)
    return ConfirmedFactor(recovery_codes=codes)


@router.delete("/authenticator-app", status_code=204, responses=problems(*CHANGING, "not-found"))
async def remove_authenticator_app(caller: RecentPerson, identity: Identity) -> None:
    """Remove the authenticator app."""
    await identity.factors.apps.remove(caller)


@router.post("/passkeys/options", responses=problems(*CHANGING, "passkeys-unavailable"))
async def begin_passkey(
    request: Request, caller: RecentPerson, identity: Identity, response: Response
) -> PasskeyOptions:
    """Begin to add a passkey: get the options for `navigator.credentials.create`.

    They are good once, for five minutes, in this login session.
    """
    response.headers.update(NO_STORE)
    return PasskeyOptions(options=await identity.factors.passkeys.begin(caller, _session(request)))


@router.post(
    "/passkeys",
    status_code=201,
    responses=problems(
        *CHANGING, *WITH_BODY, "passkey-refused", "passkey-known", "too-many-passkeys", "passkeys-unavailable"
    ),
)
async def add_passkey(
    request: Request, new: NewPasskey, caller: RecentPerson, identity: Identity, response: Response
) -> AddedPasskey:
    """Add a passkey: up to 20.

    With the first factor come ten recovery codes, shown once.
    """
    passkey, codes = await identity.factors.passkeys.register(
        caller, _session(request), new.credential.written(), name=new.name
    )
    response.headers.update(NO_STORE)
    return AddedPasskey(**Passkey.of(passkey).model_dump(), recovery_codes=codes)


@router.patch("/passkeys/{passkey_id}", responses=problems(*CHANGING, *WITH_BODY, "not-found"))
async def rename_passkey(passkey_id: str, change: PasskeyChange, caller: RecentPerson, identity: Identity) -> Passkey:
    """Rename a passkey."""
    renamed = await identity.factors.passkeys.rename(caller, ids.from_wire(PREFIX, passkey_id), change.name)
    return Passkey.of(renamed)


@router.delete("/passkeys/{passkey_id}", status_code=204, responses=problems(*CHANGING, "not-found"))
async def remove_passkey(passkey_id: str, caller: RecentPerson, identity: Identity) -> None:
    """Remove a passkey: it logs nobody in any more. Delete it in your device, too."""
    await identity.factors.passkeys.remove(caller, ids.from_wire(PREFIX, passkey_id))


@router.post("/recovery-codes", status_code=201, responses=problems(*CHANGING, "no-second-factor"))
async def renew_recovery_codes(caller: RecentPerson, identity: Identity, response: Response) -> RecoveryCodes:
    """Make ten new recovery codes; the earlier ones end."""
    response.headers.update(NO_STORE)
    return RecoveryCodes(codes=list(await identity.factors.renew_recovery_codes(caller)))


def _session(request: Request) -> UUID:
    session_id = principal_of(request).session_id
    assert session_id is not None
    return session_id
