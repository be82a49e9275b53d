"""The OpenAPI document: valid, complete, and equal to its snapshot."""

import json
import re

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import snapshot
from api.app import create_app
from api.errors import catalog
from api.openapi import descriptions
from backplane.services.identity.permissions import PERMISSIONS

PAGES = {
    "/.well-known/change-password",
    "/docs",
    "/docs/{name}",
    "/docs/problems",
    "/docs/problems/{code}",
    "/docs/assets/{name}",
    "/openapi.json",
}
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


def nodes(node, place="#"):
    """Every object of the document outside of its examples, with its place."""
    if isinstance(node, dict):
        yield place, node
        for name, child in node.items():
            if name not in {"example", "examples"}:
                yield from nodes(child, f"{place}/{name}")
    elif isinstance(node, list):
        for child in node:
            yield from nodes(child, place)


def examples(document):
    """Yield every example of the document: its place, its schema, and the example."""
    shared = document["components"]["examples"]
    for place, node in nodes({name: document[name] for name in ("paths", "components")}):
        if node.keys() & {"schema", "type", "properties"}:
            given = node.get("examples", [])
            named = (
                [shared[one["$ref"].rpartition("/")[2]]["value"] for one in given.values()]
                if isinstance(given, dict)
                else given
            )
            own = [node["example"]] if "example" in node else []
            yield from ((place, node.get("schema", node), value) for value in own + named)


class TestDocument:
    def test_is_valid_openapi_3_1(self, document):
        assert document["openapi"].startswith("3.1")
        OpenAPIV31SpecValidator(document).validate()

    def test_equals_the_snapshot(self):
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
                    oauth = (name, status) == ("POST /api/v1/auth/token", "400")
                    media_types = {"application/problem+json"} | ({"application/json"} if oauth else set())
                    assert response["content"].keys() == media_types, name
                    for media_type, content in response["content"].items():
                        schema = "OAuthProblem" if media_type == "application/json" else "Problem"
                        assert content["schema"] == {"$ref": f"#/components/schemas/{schema}"}
                        for code in content["examples"]:
                            assert catalog()[code][0] == int(status), (name, code)

    def test_every_answer_has_the_request_id(self, document):
        for name, operation in operations(document):
            for status, response in operation["responses"].items():
                assert "X-Request-ID" in response["headers"], (name, status)

    def test_secured_routes_document_401_and_403(self, document):
        for name, operation in operations(document):
            if "security" in operation:
                assert {"401", "403"} <= operation["responses"].keys(), name

    @pytest.mark.parametrize(
        ("path", "fields"),
        [("/api/v1/encrypt", {"image"}), ("/api/v1/decrypt", {"encrypted_image", "key_file", "material"})],
    )
    def test_file_fields_have_the_format_binary(self, document, path, fields):
        """From `contentMediaType` alone, generators make a text field."""
        body = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert {name for name, field in body["properties"].items() if field.get("format") == "binary"} == fields
        assert body["additionalProperties"] is False
        assert "contentMediaType" not in json.dumps(document)

    def test_every_example_fits_its_schema(self, document):
        found = list(examples(document))
        assert len(found) > 400
        for place, schema, example in found:
            if example == "" and "multipart" in place:
                continue  # what the manual's form shows in a field that may stay empty
            root = {"components": document["components"]} | schema
            errors = [error.message for error in OAS31Validator(root).iter_errors(example)]
            assert not errors, (place, errors)

    def test_examples_are_consistent(self, document):
        """All examples name the same account, endpoint and batch: one id of each kind, and three jobs."""
        numbers_of = {}
        for _, _, example in examples(document):
            for prefix, number in re.findall(r"\b([a-z]{3})_([0-9a-f]{32})", json.dumps(example)):
                numbers_of.setdefault(prefix, set()).add(number)
        assert {prefix: len(numbers) for prefix, numbers in numbers_of.items()} == {
            prefix: {"job": 3}.get(prefix, 1)
            for prefix in (
                *(
                    "acc",
                    "apk",
                    "bat",
                    "eml",
                    "ers",
                    "evt",
                    "idn",
                    "inv",
                    "job",
                    "key",
                    "pky",
                    "req",
                    "ses",
                    "usr",
                    "whd",
                    "whk",
                ),
            )
        }
        text = json.dumps([example for _, _, example in examples(document)])
        assert set(re.findall(r"[\w.]+@[\w.]+", text)) == {"ada@example.org"}
        assert set(re.findall(r"case-[0-9-]+", text)) == {"case-2026-017"}
        assert set(re.findall(r"scan-\d[\w.]*", text)) == {"scan-1.png", "scan-1.enc.png", "scan-2.png"}

    def test_the_frameworks_problem_is_not_in_it(self, document):
        assert "HTTPValidationError" not in json.dumps(document)

    def test_every_property_and_parameter_is_described(self, document):
        assert [(owner, name) for owner, name, _ in descriptions.undescribed(document)] == []
        for name, operation in operations(document):
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for field, schema in content["schema"].get("properties", {}).items():
                    assert schema["description"], (name, field)

    def test_no_description_is_for_nothing(self, app, monkeypatch):
        monkeypatch.setattr(app, "openapi_schema", None)
        monkeypatch.setattr("api.openapi.document.describe", lambda document: None)
        missing = {
            text
            for owner, name, _ in descriptions.undescribed(app.openapi())
            for text in (f"{owner}.{name}", name.lower())
        }
        monkeypatch.setattr(app, "openapi_schema", None)
        assert set(descriptions.DESCRIPTIONS) - missing == set()

    def test_parameters_are_of_one_type(self, document):
        """Generators leave out an operation with a header that is a list, and send a null as the word None."""
        for name, operation in operations(document):
            for parameter in operation.get("parameters", []):
                kind = parameter["schema"].get("type") or parameter["schema"]["$ref"]
                assert parameter["in"] != "header" or kind in {"string", "integer"}, (name, parameter["name"])
                assert "anyOf" not in parameter["schema"], (name, parameter["name"])

    def test_its_servers_are_the_gateway_and_make_up(self, document):
        assert [server["url"] for server in document["servers"]] == ["/", "http://127.0.0.1:8000"]

    def test_its_tokens_come_from_the_token_route(self, document):
        flow = document["components"]["securitySchemes"]["account"]["flows"]["password"]
        assert flow["tokenUrl"] in document["paths"]
        assert set(flow["scopes"]) == set(PERMISSIONS)

    def test_api_keys_are_the_other_credential(self, document):
        scheme = document["components"]["securitySchemes"]["api_key"]
        assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-API-Key")
        for name, operation in operations(document):
            schemes = [set(one) for one in operation.get("security", [])]
            assert schemes in ([], [{"account"}], [{"account"}, {"api_key"}]), name


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
