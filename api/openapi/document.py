"""The OpenAPI document: derived by FastAPI, and completed with descriptions, examples and problems."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from api.answers.oauth import CODES, oauth_members
from api.deprecation import deprecation_of, mark_operation
from api.errors import MEDIA_TYPE, PAGES, catalog
from api.openapi.admission import declare_admission
from api.openapi.descriptions import describe
from api.openapi.examples import illustrate
from api.schemas.batches import BATCH_EXAMPLE
from api.schemas.jobs import JOB_EXAMPLE
from api.schemas.problems import FieldProblem, Problem

JSON = "application/json"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})

TAGS = [
    {"name": "accounts", "description": "Register an account, and get access tokens."},
    {"name": "API keys", "description": "Credentials of programs, with scopes, networks and an end."},
    {"name": "images", "description": "Encrypt and decrypt. Every picture is a job on a worker."},
    {"name": "analyses", "description": "Measurements of pictures, with their limits."},
    {"name": "jobs", "description": "Read, follow, cancel, retry and delete jobs, and fetch their results."},
    {"name": "batches", "description": "Up to a hundred pictures in one request, followed and fetched together."},
    {"name": "webhooks", "description": "Notify your own address when jobs and batches end."},
    {"name": "entropy", "description": "The sources of random bits, and how many bits are in stock."},
    {"name": "audit", "description": "Who did what to which object: search, export and verify the account's trail."},
    {"name": "admin", "description": "For operator accounts; other accounts get 403."},
    {"name": "service", "description": "For operators and monitoring, without a credential."},
]

SERVERS = [
    {"url": "/", "description": "The gateway that serves this document"},
    {"url": "http://127.0.0.1:8000", "description": "`make up` on this machine"},
]

DESCRIPTION = """\
Encrypts images with quantum-seeded keys, on your own machines.

* **A job for each picture.** `POST /api/v1/encrypt` answers 202 with a job; poll it at its `Location`, follow it on
  the socket below, or send `Prefer: wait=N`.
* **Refusals** are `application/problem+json` (RFC 9457) with a stable `code`; `type` leads to its page.
* **Signed answers** (RFC 9421) on request: `Accept-Signature: sig=("@status" "content-digest" "content-type"
  "x-request-id" "@method";req "@target-uri";req);created;expires`. The keys are in `/.well-known/jwks.json`.
* **Every request has an id**, yours in `X-Request-ID` or a new one, and every answer contains it.
* **What the strength rests on**: the operating system's random generator, HKDF, ChaCha20, AES-256-GCM and
  HMAC-SHA-256. The quantum source adds to the seed and is recorded in the receipt; a simulator is credited zero bits.

### Progress socket: `GET /ws/progress/{job_id}?last_seq=N` (WebSocket)

Send the access token in the `Authorization` header of the handshake; a page in a browser sends a ticket of
`POST /api/v1/ws-tickets` as `?ticket=` instead. A refusal is an HTTP answer with a problem. The first message is a
`snapshot` of the job, followed by the events after `last_seq` (default 0), numbered by `seq` from 1 without a gap:
`progress` {"progress", "stage"}, then one of `completed` {"result_url"}, `error` {"error": {"code", "title"}} or
`cancelled`, after which the socket closes with 1000. Reconnect with the last `seq` that you saw after 1012 (the gateway
stops) and 1013 (you read too slowly); after 4401 (the token or its session has ended, or an hour has passed) with a new
token. `GET /api/v1/jobs/{job_id}/events` sends the same as server-sent events.

With the id of a batch the same socket follows all its jobs: first a `snapshot` with the counts and the last `seq` of
each job, then the messages of every job with its `batch_id`, numbered for each job separately. After the end of each
job comes a `batch` with the counts, and at the end a `completed` without a `job_id`. `last_seq` has no effect for a
batch: reconnect, and the snapshot contains the current state.
"""


def customize(app: FastAPI) -> dict[str, Any]:
    """Build the document once, and return the same one afterwards."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=DESCRIPTION,
            routes=app.routes,
            tags=TAGS,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            servers=SERVERS,
        )
        _replace_foreign_problems(document)
        _declare_admission(document)
        _mark_deprecated(document, app)
        _simplify_parameters(document)
        _put_bytes_first(document)
        describe(document)
        _add_examples(document)
        _add_request_id(document)
        app.openapi_schema = document
    return app.openapi_schema


def _replace_foreign_problems(document: dict[str, Any]) -> None:
    """Replace the framework's 422, which no request ever gets, by our problem document."""
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    problem.pop("$defs")
    schemas |= {"FieldProblem": FieldProblem.model_json_schema(), "Problem": problem}
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    for operation in _operations(document):
        if "HTTPValidationError" in json.dumps(operation["responses"].get("422", {})):
            del operation["responses"]["422"]


def _declare_admission(document: dict[str, Any]) -> None:
    for operation in _operations(document):
        declare_admission(operation)


def _mark_deprecated(document: dict[str, Any], app: FastAPI) -> None:
    endpoints = {context.name: context.endpoint for context in iter_route_contexts(app.routes)}
    for operation in _operations(document):
        mark_operation(operation, deprecation_of(endpoints.get(operation["operationId"])))


def _simplify_parameters(document: dict[str, Any]) -> None:
    """Remove null from the types of parameters: a client omits a parameter, and never sends it as null."""
    for operation in _operations(document):
        for parameter in operation.get("parameters", []):
            kinds = [kind for kind in parameter["schema"].pop("anyOf", ()) if kind != {"type": "null"}]
            for kind in kinds:
                parameter["schema"] |= kind


def _put_bytes_first(document: dict[str, Any]) -> None:
    """List JSON last where an answer is a file or a document: generators use the first media type of several."""
    for operation in _operations(document):
        for response in operation["responses"].values():
            content = response.get("content", {})
            if JSON in content and content.keys() - {JSON, MEDIA_TYPE}:
                content[JSON] = content.pop(JSON)


def _add_examples(document: dict[str, Any]) -> None:
    # FastAPI drops nulls from an example, but a reader should see which fields of a job are null.
    document["components"]["schemas"]["Job"]["example"] = JOB_EXAMPLE
    document["components"]["schemas"]["Batch"]["example"] = BATCH_EXAMPLE
    for operation in _operations(document):
        illustrate(operation)
    document["components"]["examples"] = {
        code: {"summary": title, "value": _example_problem(code, status, title)}
        for code, (status, title) in sorted(catalog().items())
    }


def _example_problem(code: str, status: int, title: str) -> dict[str, Any]:
    return (oauth_members(code, title) if code in CODES else {}) | {
        "type": PAGES + code,
        "title": title,
        "status": status,
        "detail": title,
        "code": code,
        "request_id": "req_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42",
        "errors": [],
    }


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [path[method] for path in document["paths"].values() for method in METHODS & path.keys()]


def _add_request_id(document: dict[str, Any]) -> None:
    header = {"description": "The id of this request, in every answer and every log line", "schema": {"type": "string"}}
    document["components"]["headers"] = {"RequestId": header}
    for operation in _operations(document):
        for response in operation["responses"].values():
            response.setdefault("headers", {})["X-Request-ID"] = {"$ref": "#/components/headers/RequestId"}
