import pytest

from backplane.blobs import PIECE, S3Blobs
from backplane.errors import Gone, Unavailable

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


class TestPut:
    @pytest.mark.parametrize("size", [0, 1, PIECE, 3 * PIECE + 7])
    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    async def test_what_is_put_is_what_comes_back(self, plant, size, kind):
        data = bytes(range(256)) * (size // 256) + bytes(size % 256)
        await plant.store.put("a", kind(data), media_type="image/png")
        assert await plant.store.get("a") == data
        assert b"".join([piece async for piece in await plant.store.stream("a")]) == data

    async def test_it_tells_how_far_it_is_and_never_back(self, plant):
        told = []
        data = bytes(20 * PIECE)
        await plant.store.put(
            "a", data, media_type="image/png", progress=lambda done, total: told.append((done, total))
        )
        assert told == sorted(told)
        assert len({done for done, _ in told}) > 20
        assert told[-1] == (2 * len(data), 2 * len(data))

    async def test_an_object_that_is_not_there_is_gone(self, plant):
        with pytest.raises(Gone):
            await plant.store.get("nothing")
        with pytest.raises(Gone):
            await plant.store.stream("nothing")

    async def test_deleting_twice_is_deleting_once(self, plant):
        await plant.store.put("a", b"x", media_type="image/png")
        await plant.store.delete("a")
        await plant.store.delete("a")

    async def test_a_store_that_refuses_us_is_unavailable(self, plant, settings):
        wrong = settings.model_copy(update={"aws_secret_access_key": type(settings.redis_url)("wrong")})
        with pytest.raises(Unavailable):
            await S3Blobs.from_settings(wrong).put("a", b"x", media_type="image/png")
