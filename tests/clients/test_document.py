"""Requests that Schemathesis makes from docs/openapi.json: no server error, and no answer that it does not declare.

By default it sends the examples of the document. It makes up requests, right and wrong ones, in a quarter of an hour or
more: `SCHEMATHESIS="--phases coverage,fuzzing --max-examples 2" make clients`.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.support.stack import ROOT, SystemUnderTest
from tests.support.users import PASSWORD

pytestmark = [pytest.mark.clients, pytest.mark.stack, pytest.mark.timeout(3600)]

HERE = Path(__file__).parent
PROGRAM = ROOT / ".venv-clients/bin/schemathesis"
OPERATOR = "operator@example.org"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)


def operator_token(system: SystemUnderTest) -> str:
    with httpx.Client(base_url=f"{system.url}/api/v1/auth", timeout=60, trust_env=False) as http:
        http.post("/register", json={"email": OPERATOR, "password": PASSWORD}).raise_for_status()
        command = [sys.executable, "-m", "imageshield", "admin", "create-operator", OPERATOR]
        subprocess.run(command, env=os.environ | system.variables, check=True, cwd=ROOT)
        form = {"grant_type": "password", "username": OPERATOR, "password": PASSWORD}
        return http.post("/token", data=form).raise_for_status().json()["access_token"]


class TestDocument:
    def test_every_answer_is_declared(self, whole_system: SystemUnderTest, tmp_path: Path):
        environment = os.environ | {
            "GATEWAY_URL": whole_system.url,
            "OPERATOR_TOKEN": operator_token(whole_system),
            "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py"),
        }
        options = shlex.split(os.environ.get("SCHEMATHESIS", "--phases examples"))
        command = [PROGRAM, "run", ROOT / "docs/openapi.json", "--url", whole_system.url, "--workers", "2"]
        command += ["--checks", ",".join(CHECKS), "--continue-on-failure", "--no-color", *options]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
