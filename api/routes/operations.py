"""Routes of operators: usage of the whole installation, the queue, and the settings."""

from fastapi import Security

from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Administration, authenticate_operator
from api.routing import Router
from api.schemas.operations import EffectiveSettings, InstallationUsage, Queue

router = Router(
    prefix="/api/v1/admin",
    tags=["admin"],
    dependencies=[Security(authenticate_operator)],
)


@router.get("/usage", responses=problems(*AUTHENTICATED))
async def get_installation_usage(administration: Administration) -> InstallationUsage:
    """See what all accounts use: accounts by tier, jobs of this calendar month, bytes in the store, revenue.

    For operators. It reads every entry of the month: ask every minute at most.
    """
    return InstallationUsage.of(await administration.installation.usage())


@router.get("/queue", responses=problems(*AUTHENTICATED))
async def get_queue(administration: Administration) -> Queue:
    """See how many jobs wait and run, and which accounts have most of them. For operators."""
    return Queue.of(await administration.installation.queue())


@router.get("/settings", responses=problems(*AUTHENTICATED))
async def list_effective_settings(administration: Administration) -> EffectiveSettings:
    """List the settings of this gateway, read-only. For operators.

    Of a secret it says only whether it is set. Relay and workers have their own environment.
    """
    return EffectiveSettings.of(administration.settings)
