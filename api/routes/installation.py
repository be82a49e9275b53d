"""Routes of the installation, for pages before a log-in: whether it is new, and the tiers that it shows."""

from fastapi import Response

from api.answers.problems import problems
from api.dependencies import Identity, Mail, Usage
from api.routing import Router
from api.schemas.installation import Setup, Tiers

router = Router(prefix="/api/v1", tags=["service"])


@router.get("/setup", responses=problems())
async def get_setup(identity: Identity, mail: Mail) -> Setup:
    """See whether the installation has an account and an operator, and who may register.

    As long as there is no operator, the code that `imageshield up` prints makes one.
    """
    policy = identity.registrations.policy
    return Setup(
        empty=not await identity.accounts.any_exists(),
        operator=await identity.operator_codes.any_operator(),
        registration=policy.mode,
        mail=mail.outgoing.enabled,
        outbox=mail.outbox.shown,
        mail_verification=policy.verification,
        proof_of_work=identity.proof_of_work.required,
    )


@router.get("/tiers", responses=problems())
async def list_tiers(usage: Usage, response: Response) -> Tiers:
    """See the tiers with their prices and limits, for a page that shows them.

    The operator writes the table (`TIERS_FILE`). New accounts have the tier `default`. A request over a limit is
    refused with the limit, its use and the time of its reset.
    """
    response.headers["Cache-Control"] = "public, max-age=300"
    return Tiers.of(usage.tiers)
