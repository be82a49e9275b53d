from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import Entropy, Reader
from api.routing import Router
from api.schemas.entropy import Pools

router = Router(prefix="/api/v1/entropy", tags=["entropy"])


@router.get("/pools", responses=problems(*AUTHENTICATED))
async def list_pools(_: Reader, entropy: Entropy) -> Pools:
    """Say how full the workers' pools of measured bits are.

    A pool serves the purity `fast`; `balanced` runs circuits of its own for each image. A worker is listed for a minute
    after it was last heard; without workers the list is empty, without Redis the answer is `unavailable`.
    """
    return Pools.of(await entropy.pools.levels())
