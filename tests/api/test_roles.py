"""Roles and routes (OWASP API5): the table of permissions against every operation of the OpenAPI document."""

import re
from contextlib import AsyncExitStack

import pytest

from backplane.services.identity.permissions import PERMISSIONS, ROLES
from tests.api.document import PATHS
from tests.support.teams import join, make_team

PERSONAL = re.compile(r"(?m)^\| `([A-Z]+) (/[^` ]*)` \|")
LAST = ("/members/me", "/close")
"""What ends the membership, or the account, comes last."""


def operations():
    """Yield every operation with a credential: its path, its method and the permissions that it needs."""
    for path, item in PATHS.items():
        for method, operation in item.items():
            if "security" in operation:
                needed = {scope for one in operation["security"] for scopes in one.values() for scope in scopes}
                yield path, method.upper(), needed


SECURED = sorted(operations(), key=lambda one: (one[0].endswith(LAST), one[0], one[1]))
NEEDING = [(path, method, *needed) for path, method, needed in SECURED if needed]


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs/reference/permissions.md").read_text()


@pytest.fixture(scope="module")
def root(request):
    return request.config.rootpath


def address(path, team):
    """Put ids into a path: the account's, and of nothing else that exists."""
    kinds = {"job_id": "job", "batch_id": "bat", "webhook_id": "whk", "delivery_id": "whd", "user_id": "usr"}
    kinds |= {"invitation_id": "inv", "key_id": "key", "api_key_id": "apk", "security_event_id": "sec"}
    filled = path.replace("{account_id}", team)
    return re.sub(r"\{(\w+)\}", lambda found: f"{kinds.get(found[1], 'job')}_{'0' * 32}", filled)


class TestTable:
    def test_operation_needs_one_permission_or_a_person(self, page):
        of_persons = {(path, method) for method, path in PERSONAL.findall(page)}
        assert {(path, method) for path, method, needed in SECURED if not needed} == of_persons
        assert [one for one in SECURED if len(one[2]) > 1] == []

    def test_operations_need_only_known_permissions(self):
        assert {needed for *_, needed in NEEDING} <= set(PERMISSIONS)

    def test_page_has_the_table(self, page):
        rows = [
            f"| `{name}` | {permission.allows} | "
            + " | ".join("yes" if role in permission.roles else "" for role in ROLES)
            + " |"
            for name, permission in PERMISSIONS.items()
        ]
        assert [line for line in page.splitlines() if re.match(r"\| `[a-z-]+:[a-z]+` \|", line)] == rows
        assert f"| permission | lets you | {' | '.join(ROLES)} |" in page


@pytest.fixture(scope="module")
async def people(gateway):
    """Make a user of every role in one account, by role, with the account as `team`."""
    async with AsyncExitStack() as stack:
        users = {role: await gateway.user() for role in ROLES}
        for user in users.values():
            await stack.enter_async_context(user.http)
        team = await make_team(users["owner"])
        for role in ROLES[1:]:
            await join(users["owner"], team, users[role], role)
        yield team, users


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.stack
class TestEveryOperation:
    @pytest.mark.parametrize(("path", "method", "needed"), NEEDING, ids=[f"{one[1]} {one[0]}" for one in NEEDING])
    async def test_refuses_roles_as_the_table_says(self, people, path, method, needed):
        team, users = people
        refused = set()
        for role in reversed(ROLES):  # the owner last, who may end the account
            body = {"json": {}} if method in {"POST", "PATCH", "PUT"} else {}
            response = await users[role].http.request(
                method, address(path, team), headers={"X-Account": team}, timeout=20, **body
            )
            assert response.status_code < 500, response.text
            if response.status_code == 403 and response.json()["code"] == "insufficient-role":
                refused.add(role)
        assert refused == set(ROLES) - PERMISSIONS[needed].roles
