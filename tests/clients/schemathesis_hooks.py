"""Credentials for Schemathesis: a user for each operation, so that none ends the session of another; and JSON lines."""

import os
import secrets

import httpx
import schemathesis

URL = os.environ["GATEWAY_URL"]
OPERATOR = os.environ["OPERATOR_TOKEN"]


@schemathesis.auth(refresh_interval=120, cache_by_key=lambda case, _context: case.operation.label)
class Bearer:
    def get(self, case, _context):
        if "/admin/" in case.operation.path:
            return OPERATOR
        login = {"email": f"{secrets.token_hex(8)}@example.org", "password": "correct horse battery"}
        with httpx.Client(base_url=f"{URL}/api/v1", timeout=60, trust_env=False) as client:
            client.post("/auth/register", json=login).raise_for_status()
            form = {"grant_type": "password", "username": login["email"], "password": login["password"]}
            return client.post("/auth/token", data=form).raise_for_status().json()["access_token"]

    def set(self, case, data, _context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer("application/x-ndjson")
def write_lines(_context, value):
    """Send an export of an audit log, or whatever stands for one, as it is."""
    return value if isinstance(value, bytes) else str(value).encode()
