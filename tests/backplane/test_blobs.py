import pytest
from botocore.exceptions import ClientError

from backplane.blobs import PIECE, S3Blobs
from backplane.errors import Gone, Unavailable

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


class TestPut:
    @pytest.mark.parametrize("size", [0, 1, PIECE, 3 * PIECE + 7])
    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    async def test_what_is_put_is_what_comes_back(self, resources, size, kind):
        data = bytes(range(256)) * (size // 256) + bytes(size % 256)
        await resources.store.put("a", kind(data), media_type="image/png")
        assert await resources.store.get("a") == data
        assert b"".join([piece async for piece in await resources.store.stream("a")]) == data

    async def test_progress_never_goes_back(self, resources):
        reports = []
        data = bytes(20 * PIECE)
        await resources.store.put(
            "a", data, media_type="image/png", progress=lambda done, total: reports.append((done, total))
        )
        assert reports == sorted(reports)
        assert len({done for done, _ in reports}) > 20
        assert reports[-1] == (2 * len(data), 2 * len(data))

    async def test_an_object_that_is_not_there_is_gone(self, resources):
        with pytest.raises(Gone):
            await resources.store.get("nothing")
        with pytest.raises(Gone):
            await resources.store.stream("nothing")

    async def test_deleting_twice_is_deleting_once(self, resources):
        await resources.store.put("a", b"x", media_type="image/png")
        await resources.store.delete("a")
        await resources.store.delete("a")

    async def test_a_store_that_refuses_us_is_unavailable(self, resources, settings):
        wrong = settings.model_copy(update={"aws_secret_access_key": type(settings.redis_url)("wrong")})
        with pytest.raises(Unavailable):
            await S3Blobs.from_settings(wrong).put("a", b"x", media_type="image/png")


class TestDeleteAll:
    async def test_deletes_these_and_no_other_there_or_not(self, resources):
        for key in ("all/1", "all/2", "all/3"):
            await resources.store.put(key, b"x", media_type="image/png")
        assert await resources.store.delete_all(["all/1", "all/2", "all/none"]) == set()
        assert await resources.store.get("all/3") == b"x"
        for key in ("all/1", "all/2"):
            with pytest.raises(Gone):
                await resources.store.get(key)

    async def test_nothing_is_not_asked_for(self, resources, monkeypatch):
        monkeypatch.setattr(resources.store, "_client", None)
        assert await resources.store.delete_all([]) == set()

    async def test_what_the_store_would_not_delete_is_named(self, resources, monkeypatch):
        answer = {"Errors": [{"Key": "all/2", "Code": "AccessDenied", "Message": "Object Lock"}]}
        monkeypatch.setattr(resources.store._client, "delete_objects", lambda **_: answer)
        assert await resources.store.delete_all(["all/1", "all/2"]) == {"all/2"}

    async def test_a_store_that_refuses_us_is_unavailable(self, resources, settings):
        wrong = settings.model_copy(update={"aws_secret_access_key": type(settings.redis_url)("wrong")})
        with pytest.raises(Unavailable):
            await S3Blobs.from_settings(wrong).delete_all(["all/1"])


class TestDeleteUnder:
    async def test_deletes_what_begins_so_and_nothing_else(self, resources):
        for key in ("under/1/a", "under/1/b", "under/10/a"):
            await resources.store.put(key, b"x", media_type="image/png")
        await resources.store.delete_under("under/1/")
        assert await resources.store.get("under/10/a") == b"x"
        for key in ("under/1/a", "under/1/b"):
            with pytest.raises(Gone):
                await resources.store.get(key)


class TestExpireAfter:
    @pytest.fixture
    async def rules(self, resources):
        """Read the bucket's rules; they are taken away after the test, for the bucket is everybody's."""
        client, bucket = resources.store._client, resources.store.bucket

        def read():
            found = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
            return {rule["ID"]: (rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) for rule in found}

        yield read
        client.delete_bucket_lifecycle(Bucket=bucket)

    async def test_the_store_takes_the_rules(self, resources, rules):
        await resources.store.expire_after({"uploads/": 30, "results/": 37})
        assert rules() == {"imageshield-uploads/": ("uploads/", 30), "imageshield-results/": ("results/", 37)}
        await resources.store.expire_after({"uploads/": 30})
        assert rules() == {"imageshield-uploads/": ("uploads/", 30)}

    async def test_rules_of_others_stay(self, resources, rules):
        theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}
        resources.store._client.put_bucket_lifecycle_configuration(
            Bucket=resources.store.bucket, LifecycleConfiguration={"Rules": [theirs]}
        )
        await resources.store.expire_after({"uploads/": 30})
        assert rules() == {"theirs": ("logs/", 3), "imageshield-uploads/": ("uploads/", 30)}
        await resources.store.expire_after({})
        assert rules() == {"theirs": ("logs/", 3)}

    async def test_the_same_again_is_not_written(self, resources, rules, monkeypatch):
        await resources.store.expire_after({"uploads/": 30})
        monkeypatch.setattr(resources.store._client, "put_bucket_lifecycle_configuration", None)
        await resources.store.expire_after({"uploads/": 30})
        assert rules() == {"imageshield-uploads/": ("uploads/", 30)}

    async def test_a_store_that_knows_no_rules_is_unavailable(self, resources, monkeypatch):
        def refuse(**_):
            raise ClientError({"Error": {"Code": "NotImplemented"}}, "PutBucketLifecycleConfiguration")

        monkeypatch.setattr(resources.store._client, "put_bucket_lifecycle_configuration", refuse)
        with pytest.raises(Unavailable):
            await resources.store.expire_after({"uploads/": 12})
