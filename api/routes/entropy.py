"""The route that shows the workers' pools of measured bits."""

from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Entropy, Reader
from api.routing import Router
from api.schemas.entropy import Pools

router = Router(prefix="/api/v1/entropy", tags=["entropy"])


@router.get("/pools", responses=problems(*AUTHENTICATED))
async def list_pools(_: Reader, entropy: Entropy) -> Pools:
    """Show the levels of the workers' pools of measured bits.

    A pool serves the purity `fast`; `balanced` runs its own circuits for each image. A worker is listed for a minute
    after its last report; without workers the list is empty, without Redis the answer is `unavailable`.
    """
    return Pools.of(await entropy.pools.levels())
