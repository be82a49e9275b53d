"""Strict reading of input: no text causes a 5xx answer, and no doubtful text is accepted."""

import io
import json
import zipfile

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from api.requests.strict import MAX_DEPTH, MAX_INTEGER
from tests.api.conftest import PASSWORD
from tests.api.document import PATHS
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack, pytest.mark.slow]

REGISTER, TOKEN, WEBHOOKS = "/api/v1/auth/register", "/api/v1/auth/token", "/api/v1/webhooks"
NOBODY = "018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"
ID = {
    "job_id": f"job_{NOBODY}",
    "webhook_id": f"whk_{NOBODY}",
    "api_key_id": f"apk_{NOBODY}",
    "batch_id": f"bat_{NOBODY}",
    "account_id": f"acc_{NOBODY}",
    "user_id": f"usr_{NOBODY}",
    "invitation_id": f"inv_{NOBODY}",
    "delivery_id": f"whd_{NOBODY}",
    "identity_id": f"idn_{NOBODY}",
    "passkey_id": f"psk_{NOBODY}",
    "entry_id": f"aud_{NOBODY}",
    "provider": "acme",
    "security_event_id": f"sec_{NOBODY}",
    "session_id": f"ses_{NOBODY}",
    "mail_id": f"eml_{NOBODY}",
}


def operations():
    """Yield every operation of the document: method, address, media type of the body, and parameters."""
    for path, methods in PATHS.items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            yield method.upper(), path.format(**ID), next(iter(content), None), operation.get("parameters", [])


@pytest.fixture(autouse=True)
async def operator(gateway, ada):
    """Let the routes of operators read what they are sent."""
    async with gateway.services.resources.database.transaction() as session:
        await session.execute(text("UPDATE users SET operator = true WHERE id = :id"), {"id": ada.account_id})


OPERATIONS = list(operations())
JSON_ROUTES = [(method, path) for method, path, media_type, _ in OPERATIONS if media_type == "application/json"]
FORM_ROUTES = [(method, path) for method, path, media_type, _ in OPERATIONS if media_type == "multipart/form-data"]
QUERIES = [
    (path, parameter["name"], parameter["schema"])
    for method, path, _, parameters in OPERATIONS
    for parameter in parameters
    if method == "GET" and parameter["in"] == "query"
]

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["\0", "a\0b", "\ud800", "\udfff\ud800", "\ufeff", "\uffff", "job_" + "0" * 32, "true", "1", ""]),
)
NAMES = st.sampled_from(
    [
        "email",
        "password",
        "url",
        "events",
        "description",
        "enabled",
        "job_id",
        "batch_id",
        "master_password",
        "recipients",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(10**15, 10**400) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
    max_leaves=12,
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7"])
DOCUMENTS = st.one_of(
    st.builds(lambda value, name: json.dumps(value).encode(name, "replace"), VALUES, ENCODINGS),
    st.builds(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), VALUES),
    st.builds(lambda fields: b"{" + b",".join(fields) + b"}", st.lists(
        st.builds(lambda n, v: json.dumps(n).encode() + b":" + json.dumps(v).encode(), NAMES, VALUES), max_size=5)),
    st.builds(lambda depth, left, right: left * depth + right * depth, st.integers(1, 30_000),
              st.sampled_from([b"[", b'{"a":', b'[{"a":']), st.sampled_from([b"]", b"}", b""])),
    st.binary(max_size=60),
    st.sampled_from([b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b"{}{}", b'{"a":1,}', b"'a'", b"\xef\xbb\xbf{}"]),
)  # fmt: skip


PART = b'--b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n\r\n%b\r\n'
FIELDS = [
    "image",
    "images",
    "archive",
    "encrypted_image",
    "layout",
    "regions",
    "master_password",
    "webhook_url",
    "\0",
    "é",
]
PARTS = st.lists(st.tuples(st.sampled_from(FIELDS), st.binary(max_size=40)), max_size=4)


def examples(strategy, count=60):
    """Draw values: the requests are made on the test's own loop."""
    found = []

    @settings(max_examples=count, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(strategy)
    def collect(value):
        found.append(value)

    collect()
    return found


def refused(response, *statuses):
    assert response.status_code in statuses, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return response.json()["code"]


def registration(email="a@example.org", password=PASSWORD):
    return json.dumps({"email": email, "password": password})


class TestJson:
    @pytest.mark.parametrize("route", JSON_ROUTES, ids=str)
    async def test_hostile_document_is_never_5xx(self, ada, route):
        for body in examples(DOCUMENTS):
            response = await ada.http.request(*route, content=body, headers={"Content-Type": "application/json"})
            assert response.status_code < 500, (body, response.text)

    @pytest.mark.parametrize(
        "body",
        [
            b'{"email": "a@example.org", "email": "b@example.org", "password": "correct horse battery"}',
            b"\xef\xbb\xbf" + registration().encode(),
            registration().encode("utf-16"),
            registration().encode("utf-32"),
            registration().encode("utf-16-le"),
            registration(password="correct horse \0 battery").encode(),
            registration(password="correct horse \ud800 battery").encode(),
            registration(email="\udfff@example.org").encode(),
            registration().encode() + b"{}",
            registration().encode() + b"\0",
            registration().encode()[:-1] + b',"a":NaN}',
            registration().encode()[:-1] + b',"a":1e999}',
            registration().encode()[:-1] + b',"a":' + b"9" * 5000 + b"}",
            registration().encode()[:-1] + b',"a":%d}' % (MAX_INTEGER + 1),
            registration().encode()[:-1] + b',"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
            registration().encode()[:-1] + b',"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
            b'{"email": "\xed\xa0\x80@example.org", "password": "correct horse battery"}',
            b'{"email": "a\x01@example.org", "password": "correct horse battery"}',
        ],
        ids=lambda body: repr(body[-40:]),
    )
    async def test_doubtful_document_is_422(self, client, body):
        response = await client.post(REGISTER, content=body, headers={"Content-Type": "application/json"})
        assert refused(response, 422) == "validation-failed"

    @pytest.mark.parametrize(
        "media_type",
        ["text/json", "application/json; charset=utf-16", "application/json; charset=latin-1", "application/ld+json",
         "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "\xff", None],
    )  # fmt: skip
    async def test_other_media_type_is_415(self, client, media_type):
        headers = [("Content-Type", media_type.encode("latin-1"))] if media_type is not None else []
        response = await client.post(REGISTER, content=registration().encode(), headers=headers)
        assert refused(response, 415) == "unsupported-media-type"

    @pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
    async def test_utf_8_may_be_named(self, client, media_type):
        email = f"named{len(media_type)}@example.org"
        response = await client.post(REGISTER, content=registration(email), headers={"Content-Type": media_type})
        assert response.status_code == 201

    async def test_webhook_of_u_0000_is_422(self, ada):
        document = {"url": "https://example.org/", "events": ["job.failed"], "description": "a\0b"}
        assert refused(await ada.http.post(WEBHOOKS, json=document), 422) == "validation-failed"

    @pytest.mark.parametrize("value", ["yes", "true", 1, "on"])
    async def test_boolean_is_one(self, ada, value):
        assert refused(await ada.http.patch(f"{WEBHOOKS}/default", json={"enabled": value}), 422)


class TestTokenForm:
    @pytest.mark.parametrize(
        "body",
        [
            b"grant_type=password&grant_type=refresh_token",
            b"grant_type=password&username=a&password=%00",
            b"grant_type=password&username=%ff&password=b",
            b"grant_type=password&username=\xff&password=b",
            b"grant_type=password&username=%zz&password=b",
            b"grant_type=password&username=%ed%a0%80&password=b",
        ],
    )
    async def test_doubtful_form_is_an_invalid_request(self, client, body):
        response = await client.post(TOKEN, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize(
        "media_type",
        ["application/json", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded; charset=utf-16"],
    )
    async def test_other_media_type_is_an_invalid_request(self, client, media_type):
        response = await client.post(TOKEN, content=b"grant_type=password", headers={"Content-Type": media_type})
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


class TestPictureForm:
    @pytest.mark.parametrize("route", FORM_ROUTES, ids=str)
    @pytest.mark.parametrize(
        "media_type",
        ["application/json", "text/plain", "image/png", "application/x-www-form-urlencoded",
         "multipart/mixed; boundary=b", "multipart/form-data; boundary=b; charset=utf-16",
         "multipart/form-data; boundary=b; charset=iso-8859-1", None],
    )  # fmt: skip
    async def test_other_media_type_is_415(self, ada, route, media_type):
        headers = {"Content-Type": media_type} if media_type is not None else {}
        body = PART % (b"image", b"a.png", pictures.as_png(pictures.make(8, 6))) + b"--b--\r\n"
        response = await ada.http.request(*route, content=body, headers=headers)
        assert refused(response, 415) == "unsupported-media-type"

    async def test_utf_8_may_be_named(self, ada):
        body = PART % (b"image", b"a.png", pictures.as_png(pictures.make(8, 6))) + b"--b--\r\n"
        headers = {"Content-Type": 'Multipart/Form-Data; boundary=b; charset="UTF-8"'}
        assert (await ada.http.post("/api/v1/encrypt", content=body, headers=headers)).status_code == 202

    @pytest.mark.parametrize("value", ["yes", "1", "TRUE", "on", "", "true ", "t"])
    async def test_analyze_is_true_or_false(self, ada, value):
        files = {"image": ("a.png", pictures.as_png(pictures.make(8, 6)))}
        assert refused(await ada.http.post("/api/v1/encrypt", files=files, data={"analyze": value}), 422)

    async def test_u_0000_in_a_text_is_422(self, ada):
        files = {"image": ("a.png", pictures.as_png(pictures.make(8, 6)))}
        response = await ada.http.post(
            "/api/v1/encrypt", files=files, data={"master_password": "correct horse\0battery"}
        )
        assert refused(response, 422)

    @pytest.mark.parametrize("name", ["\0", "a\0.png", "\ud800.png", "..", "\u202egnp.exe", "x" * 3000])
    async def test_any_file_name_will_do(self, ada, name):
        encoded = name.encode("utf-8", "surrogatepass")
        body = b'--b\r\nContent-Disposition: form-data; name="image"; filename="%b"\r\n\r\n' % encoded
        body += pictures.as_png(pictures.make(8, 6)) + b"\r\n--b--\r\n"
        response = await ada.http.post(
            "/api/v1/encrypt", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert response.status_code in {202, 422}, response.text

    @pytest.mark.parametrize("route", FORM_ROUTES, ids=str)
    async def test_hostile_form_is_never_5xx(self, ada, route):
        for parts, rest in examples(st.tuples(PARTS, st.binary(max_size=30))):
            body = b"".join(PART % (name.encode(), value[:9].replace(b"\n", b""), value) for name, value in parts)
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            response = await ada.http.request(*route, content=body + b"--b--\r\n" + rest, headers=headers)
            assert response.status_code < 500, (body, response.text)


SPELLINGS = {
    "integer": ["010", "+5", "-1", "1_0", " 5", "5 ", "5.0", "0x5", "\uff15", "1e1", "", "9" * 30],
    "boolean": ["1", "0", "yes", "no", "on", "TRUE", "FALSE", "t", "", " true"],
    "date-time": ["0.5", "1", "1700000000", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04:05Z",
                  "2026-01-02T03:04Z", "2026-W01-1T00:00:00Z", "\uff12026-01-02T03:04:05Z", "2026-02-30T00:00:00Z",
                  "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-02T03:04:05.Z",
                  "2026-01-02T03:04:60Z", "2016-12-31T23:59:61Z", "2016-12-31T23:59:60+01:00"],
    "date": ["0.5", "20260102", "2026-1-2", "1700000000", "2026-01-02T00:00:00", "\uff12026-01-02"],
}  # fmt: skip


class TestQueries:
    @pytest.mark.parametrize(("path", "name", "schema"), QUERIES, ids=lambda value: str(value)[:40])
    async def test_each_value_has_one_spelling(self, ada, path, name, schema):
        kinds = schema.get("anyOf", [schema])
        for kind in kinds:
            for value in SPELLINGS.get(kind.get("format") or kind.get("type"), []):
                response = await ada.http.get(path, params={name: value})
                assert refused(response, 422) == "validation-failed", (name, value)

    @pytest.mark.parametrize(("path", "name", "schema"), QUERIES, ids=lambda value: str(value)[:40])
    @pytest.mark.parametrize("value", ["%00", "%ff", "%ed%a0%80", "%", "%zz", "a%00b", "%u0041"])
    async def test_invalid_text_is_422(self, ada, path, name, schema, value):
        assert refused(await ada.http.get(f"{path}?{name}={value}"), 422) == "validation-failed"

    @pytest.mark.parametrize("query", ["limit=1&limit=2", "limi=1", "limit=1&x=2", "%6cimit=1&limit=1", "a"])
    async def test_unknown_and_repeated_are_422(self, ada, query):
        assert refused(await ada.http.get(f"/api/v1/jobs?{query}"), 422) == "validation-failed"

    async def test_list_may_repeat(self, ada):
        query = f"job_id=job_{NOBODY}&job_id=job_{NOBODY[::-1]}"
        assert refused(await ada.http.get(f"/api/v1/analyze/compare?{query}"), 404) == "not-found"

    @pytest.mark.parametrize(
        "value",
        [
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "2026-01-02t03:04:05.123456%2B14:00",
            "2026-01-02T03:04:05.123456789Z",
            pytest.param("2026-01-02T03:04:05." + "9" * 300 + "Z", id="300 digits"),
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.123456789z",
            "2016-12-31T15:59:60-08:00",
        ],
    )
    async def test_times_of_rfc_3339_are_accepted(self, ada, value):
        assert (await ada.http.get(f"/api/v1/jobs?created_before={value}")).status_code == 200


class TestHeaders:
    @pytest.mark.parametrize("name", ["Accept", "Prefer", "If-None-Match", "Last-Event-ID", "Origin", "X-Request-ID",
                                      "Authorization", "Idempotency-Key", "Content-Type", "Range"])  # fmt: skip
    async def test_odd_value_is_never_5xx(self, ada, name):
        job_id = await ada.encrypt()
        for value in (
            b"\xff",
            b"text/html;q=\xb2",
            b"*/*;q=",
            b"wait=\xb9",
            b"bytes=\xb2-",
            b"=?utf-8?q?x?=",
            b"," * 99,
        ):
            for path in (f"/api/v1/jobs/{job_id}/report", f"/api/v1/jobs/{job_id}/events", "/api/v1/jobs"):
                response = await ada.http.head(path, headers=[(name, value)])
                assert response.status_code < 500, (path, value, response.text)
            assert (await ada.http.post("/api/v1/encrypt", headers=[(name, value)], content=b"x")).status_code < 500


class TestArchives:
    async def test_nameless_entry_costs_its_item(self, ada):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            for name in ("a.png", "bbbbb", "c.png"):
                file.writestr(name, pictures.as_png(pictures.make(8, 6)))
        for odd in (b"\0bbbb", b"\0\0\0\0\0"):
            data = packed.getvalue().replace(b"bbbbb", odd)
            response = await ada.http.post("/api/v1/batch/encrypt", files={"archive": ("a.zip", data)})
            assert response.status_code == 202, response.text
            codes = [item["error"] and item["error"]["code"] for item in response.json()["items"]]
            assert codes == [None, "image-corrupt", None]
