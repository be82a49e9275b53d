"""The route of the caller itself."""

from fastapi import Request

from api.admission import principal_of
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Identity, Person
from api.routing import Router
from api.schemas.profile import Me

router = Router(prefix="/api/v1", tags=["accounts"])


@router.get("/me", responses=problems(*AUTHENTICATED))
async def get_me(request: Request, caller: Person, identity: Identity) -> Me:
    """See whose token this is: the user, the account, its tier, and the scopes of the token."""
    return Me.of(await identity.accounts.profile(caller), principal_of(request))
