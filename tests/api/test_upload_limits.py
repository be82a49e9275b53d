"""Limits of uploads: each route declares its own, and the middleware collects them."""

import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS
from api.routing import UploadLimits
from shield_core.image.limits import MAX_BYTES, MAX_ENCRYPTED_BYTES

FILES = {"multipart/form-data", "application/x-ndjson"}
"""The media types of bodies that hold files; one of the second type is a file by itself."""


@pytest.fixture(scope="module")
def routes():
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def takes_files(route):
    return bool(FILES & (route.openapi_extra or {}).get("requestBody", {}).get("content", {}).keys())


class TestUploadLimits:
    def test_every_route_of_files_declares_one(self, routes):
        declared = {route.path for route in routes if hasattr(route.endpoint, "upload_limit")}
        assert declared == {route.path for route in routes if takes_files(route)}
        assert len(declared) == 6

    def test_each_is_the_sum_of_its_files(self):
        limits = UploadLimits(ROUTERS)
        assert limits.of({"path": "/api/v1/encrypt"}) == MAX_BYTES
        assert limits.of({"path": "/api/v1/analyze"}) == MAX_BYTES + MAX_ENCRYPTED_BYTES

    @pytest.mark.parametrize("path", ["/api/v1/encrypt/", "/api/v1/jobs", "/api/v1/encryptx", "/"])
    def test_other_addresses_have_none(self, path):
        assert UploadLimits(ROUTERS).of({"path": path}) is None
