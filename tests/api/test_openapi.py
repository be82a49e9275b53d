import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import snapshot
from api.app import create_app
from api.errors import catalog

PAGES = {"/", "/docs", "/docs/manual.js", "/docs/problems/{code}", "/docs/assets/{name}", "/openapi.json"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture(scope="module")
def document(app):
    return app.openapi()


def operations(document):
    return [
        (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


class TestDocument:
    def test_is_valid_openapi_3_1(self, document):
        assert document["openapi"].startswith("3.1")
        OpenAPIV31SpecValidator(document).validate()

    def test_is_what_the_snapshot_says(self):
        assert snapshot.main(["--check"]) == 0

    def test_lists_every_route_and_no_other(self, app, document):
        def routes(router):
            for route in router.routes:
                if hasattr(route, "original_router"):
                    yield from routes(route.original_router)
                elif getattr(route, "methods", None):
                    yield from ((route.path, method.lower()) for method in route.methods if method != "HEAD")

        served = {one for one in routes(app) if one[0] not in PAGES}
        listed = {(path, method) for path, item in document["paths"].items() for method in item}
        assert served == listed

    def test_every_endpoint_is_documented(self, document):
        for name, operation in operations(document):
            assert len(operation["description"].splitlines()[0]) > 12, name
            assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}, name
            assert operation["operationId"].isidentifier(), name

    def test_every_refusal_is_a_problem_with_examples(self, document):
        for name, operation in operations(document):
            for status, response in operation["responses"].items():
                if int(status) >= 400 and name != "GET /ready":
                    (media_type,) = response["content"]
                    oauth = (name, status) == ("POST /api/v1/auth/token", "400")
                    assert media_type == ("application/json" if oauth else "application/problem+json"), name
                    schema = "OAuthProblem" if oauth else "Problem"
                    assert response["content"][media_type]["schema"] == {"$ref": f"#/components/schemas/{schema}"}
                    for code in response["content"][media_type]["examples"]:
                        assert catalog()[code][0] == int(status), (name, code)

    def test_every_answer_tells_the_request_id(self, document):
        for name, operation in operations(document):
            for status, response in operation["responses"].items():
                assert "X-Request-ID" in response["headers"], (name, status)

    def test_a_route_that_needs_a_token_says_so_and_how_it_refuses(self, document):
        for name, operation in operations(document):
            if "security" in operation:
                assert {"401", "403"} <= operation["responses"].keys(), name

    @pytest.mark.parametrize(
        ("path", "fields"),
        [("/api/v1/encrypt", {"image"}), ("/api/v1/decrypt", {"encrypted_image", "key_file", "material"})],
    )
    def test_file_fields_have_the_format_binary(self, document, path, fields):
        """Generators make a text field of `contentMediaType` alone."""
        body = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert {name for name, field in body["properties"].items() if field.get("format") == "binary"} == fields
        assert body["additionalProperties"] is False
        assert "contentMediaType" not in json.dumps(document)

    def test_the_frameworks_problem_is_not_in_it(self, document):
        assert "HTTPValidationError" not in json.dumps(document)

    def test_parameters_are_of_one_type(self, document):
        """Generators leave out an operation with a header that is a list, and send a null as the word None."""
        for name, operation in operations(document):
            for parameter in operation.get("parameters", []):
                kind = parameter["schema"].get("type") or parameter["schema"]["$ref"]
                assert parameter["in"] != "header" or kind == "string", (name, parameter["name"])
                assert "anyOf" not in parameter["schema"], (name, parameter["name"])

    def test_its_servers_are_the_gateway_and_make_up(self, document):
        assert [server["url"] for server in document["servers"]] == ["/", "http://127.0.0.1:8000"]

    def test_its_tokens_come_from_the_token_route(self, document):
        (scheme,) = document["components"]["securitySchemes"].values()
        flow = scheme["flows"]["password"]
        assert flow["tokenUrl"] in document["paths"]
        assert set(flow["scopes"]) == {"jobs:read", "jobs:write", "keys:export", "webhooks:read", "webhooks:write"}


class TestSnapshot:
    def test_a_stale_one_is_shown_and_fails(self, monkeypatch, tmp_path, capsys):
        file = tmp_path / "openapi.json"
        monkeypatch.setattr(snapshot, "SNAPSHOT", file)
        assert snapshot.main(["--check"]) == 1
        assert snapshot.main(["--write"]) == 0
        assert snapshot.main(["--check"]) == 0
        file.write_text(file.read_text().replace("/health", "/healthy"))
        capsys.readouterr()
        assert snapshot.main(["--check"]) == 1
        assert '-    "/healthy": {' in capsys.readouterr().out
