"""The upgrade from the release before: its stored backup is restored and upgraded, and its gateway writes beside."""

import csv
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import text

from backplane import ids
from backplane.services.backups.archives import Archive
from backplane.services.backups.restores import Restores
from backplane.services.identity.passwords import PASSWORDS
from backplane.services.identity.tokens import digest_of
from backplane.wiring.resources import open_resources
from imageshield.commands.service.installation import AlembicMigrations
from shield_core.keys import stanzas
from shield_core.pipeline import decrypt_image
from tests.api.conftest import Gateway, opened
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

STORED = Path(__file__).parents[1] / "fixtures/backups/0012.tar.xz"
ORIGIN = "https://console.example"
PAGE = {"Origin": ORIGIN, "X-CSRF": "1"}
TOKEN_ROW = """
INSERT INTO refresh_tokens (token_sha256, account_id, family_id, expires_at, browser)
VALUES (:token_sha256, :account_id, :family_id, :expires_at, :browser)
"""
ACCOUNT_ROW = """
INSERT INTO accounts (id, email, password_hash, tier, operator, kek_id, kek_version)
VALUES (:id, :email, :password_hash, 'enterprise', false, :kek_id, :kek_version)
"""
REHASH = "UPDATE accounts SET password_hash = :by WHERE accounts.id = :id AND accounts.password_hash = :known"
"""As the gateway of the release before writes them."""

WEAK = PASSWORDS.copy(argon2__memory_cost=1024, argon2__rounds=1, argon2__parallelism=1)


class InPlace(AlembicMigrations):
    """Migrations of a database that also holds what a backup leaves out: the login sessions."""

    def __init__(self, resources, tokens):
        super().__init__(resources.settings)
        self._database = resources.database
        self._tokens = tokens

    async def upgrade(self, revision):
        if revision == "head":
            async with self._database.transaction() as session:
                for row in self._tokens:
                    await session.execute(text(TOKEN_ROW), row)
        await super().upgrade(revision)


@dataclass
class Upgraded:
    """The upgraded installation, behind a gateway of today, and what is known of its users."""

    gateway: Gateway
    users: list[dict]

    async def log_in(self, email, password):
        async with self.gateway.client() as http:
            form = {"grant_type": "password", "username": email, "password": password}
            pair = (await http.post("/api/v1/auth/token", data=form)).raise_for_status().json()
        return self.gateway.client(Authorization=f"Bearer {pair['access_token']}")

    async def write(self, statement, **values):
        async with self.gateway.services.resources.database.transaction() as session:
            await session.execute(text(statement), values)


def rows_of(path):
    expires_at = datetime.now(UTC) + timedelta(days=1)
    with path.open() as file:
        for row in csv.DictReader(file):
            yield {
                "token_sha256": bytes.fromhex(row["token_sha256"].removeprefix("\\x")),
                "account_id": UUID(row["account_id"]),
                "family_id": UUID(row["family_id"]),
                "expires_at": expires_at,
                "browser": row["browser"] == "t",
            }


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    with tarfile.open(STORED) as stored:
        stored.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def settings(stack, place):
    with stack.databases.lend_unmigrated() as url:
        yield stack.settings(
            database_url=url,
            redis_url=stack.redis_url(),
            vault_directory=place / "test-keys/vault",
            vault_key_file=place / "test-keys/vault.key",
            allowed_origins=ORIGIN,
        )


@pytest.fixture(scope="module")
async def upgraded(settings, place):
    async with open_resources(settings) as resources:
        migrations = InPlace(resources, list(rows_of(place / "refresh_tokens.csv")))
        restores = Restores(resources.database, resources.store, resources.vault, migrations)
        archive = Archive.open(place / "backup")
        assert list(archive.verify())
        restored = await restores.restore(archive, lambda *_: None)
        assert (restored.missing_keys, restored.missing_objects) == (0, 0)
    async with opened(settings) as gateway:
        yield Upgraded(gateway, json.loads((place / "facts.json").read_text())["users"])


class TestUpgrade:
    async def test_everybody_logs_in_and_owns_one_account(self, upgraded):
        for number, user in enumerate(upgraded.users):
            async with await upgraded.log_in(user["email"], user["password"]) as http:
                me = (await http.get("/api/v1/me")).json()
                assert (me["email"], me["account_id"]) == (user["email"], user["account_id"])
                assert me["user_id"] == user["account_id"].replace("acc_", "usr_")
                assert me["operator"] is (number == 0)
                [account] = (await http.get("/api/v1/accounts")).json()["data"]
                assert (account["account_id"], account["role"], account["personal"]) == (
                    user["account_id"],
                    "owner",
                    True,
                )

    async def test_every_object_is_there(self, upgraded):
        for user in upgraded.users:
            async with await upgraded.log_in(user["email"], user["password"]) as http:
                listed = (await http.get("/api/v1/jobs", params={"limit": 100})).json()["data"]
                assert {job["job_id"] for job in user["jobs"]} | {user["decrypt"]} <= {job["job_id"] for job in listed}
                assert (await http.get("/api/v1/jobs", params={"reference": "case-1"})).json()["data"]
                batch = (await http.get(f"/api/v1/batches/{user['batch']}")).json()
                assert (batch["reference"], batch["counts"]["completed"]) == ("batch-1", 2)
                hook = (await http.get(f"/api/v1/webhooks/{user['webhook']}")).json()
                assert (hook["url"], hook["enabled"]) == ("https://93.184.216.34/hook", True)

    async def test_every_picture_decrypts(self, upgraded):
        for user in upgraded.users:
            async with await upgraded.log_in(user["email"], user["password"]) as http:
                for job in user["jobs"]:
                    encrypted = (await http.get(f"/api/v1/jobs/{job['job_id']}/result")).raise_for_status().content
                    key_file = (await http.get(f"/api/v1/jobs/{job['job_id']}/key-file")).raise_for_status().content
                    picture = open_picture(encrypted, key_file, job["options"].get("master_password"))
                    with Image.open(io.BytesIO(picture)) as image:
                        assert hashlib.sha256(image.tobytes()).hexdigest() == job["pixels_sha256"]

    async def test_login_sessions_go_on(self, upgraded):
        for user in upgraded.users:
            async with upgraded.gateway.client() as http:
                form = {"grant_type": "refresh_token", "refresh_token": user["refresh_token"]}
                pair = (await http.post("/api/v1/auth/token", data=form)).raise_for_status().json()
                bearer = {"Authorization": f"Bearer {pair['access_token']}"}
                assert (await http.get("/api/v1/me", headers=bearer)).json()["email"] == user["email"]
                cookie = {"Cookie": f"refresh={user['cookie']}"}
                refreshed = await http.post("/api/v1/auth/session/refresh", headers=PAGE | cookie)
                bearer = {"Authorization": f"Bearer {refreshed.raise_for_status().json()['access_token']}"}
                assert (await http.get("/api/v1/me", headers=bearer)).json()["email"] == user["email"]

    async def test_users_share_a_new_account(self, upgraded):
        ada, bob = upgraded.users
        async with (
            await upgraded.log_in(ada["email"], ada["password"]) as first,
            await upgraded.log_in(bob["email"], bob["password"]) as second,
        ):
            team = (await first.post("/api/v1/accounts", json={"name": "Team"})).json()["account_id"]
            new = {"email": bob["email"], "role": "member"}
            made = (await first.post(f"/api/v1/accounts/{team}/invitations", json=new)).json()
            token = {"token": made["link"].partition("#token=")[2]}
            (await second.post("/api/v1/invitations/accept", json=token)).raise_for_status()
            picture = {"image": ("a.png", pictures.as_png(pictures.make(6, 4)))}
            job = await second.post("/api/v1/encrypt", files=picture, headers={"X-Account": team})
            assert job.status_code == 202


class TestBesideTheGatewayBefore:
    """Statements of the gateway of the release before, on the new schema."""

    @pytest.fixture
    async def carol(self, upgraded):
        """Register somebody there; the hash has weaker parameters than those of today."""
        user_id = ids.new()
        key = upgraded.gateway.services.resources.vault.create_account_key(user_id)
        email, known = f"{user_id.hex}@example.org", WEAK.hash("a password of carol")
        await upgraded.write(
            ACCOUNT_ROW, id=user_id, email=email, password_hash=known, kek_id=key.id, kek_version=key.version
        )
        return {"id": user_id, "email": email, "hash": known}

    async def test_registered_there_logs_in_here(self, upgraded, carol):
        async with await upgraded.log_in(carol["email"], "a password of carol") as http:
            [account] = (await http.get("/api/v1/accounts")).json()["data"]
            assert (account["account_id"], account["role"]) == (ids.to_wire("acc", carol["id"]), "owner")
            picture = {"image": ("a.png", pictures.as_png(pictures.make(6, 4)))}
            assert (await http.post("/api/v1/encrypt", files=picture)).status_code == 202

    async def test_rehashed_there_logs_in_here(self, upgraded, carol):
        by = PASSWORDS.hash("a password of carol")
        await upgraded.write(REHASH, id=carol["id"], known=carol["hash"], by=by)
        async with await upgraded.log_in(carol["email"], "a password of carol") as http:
            assert (await http.get("/api/v1/me")).json()["email"] == carol["email"]

    async def test_rehashed_here_is_copied_for_there(self, upgraded, carol):
        async with await upgraded.log_in(carol["email"], "a password of carol"):
            pass
        async with upgraded.gateway.services.resources.database.reading() as session:
            both = "SELECT u.password_hash, a.password_hash FROM users u JOIN accounts a USING (id) WHERE id = :id"
            user, account = (await session.execute(text(both), {"id": carol["id"]})).one()
        assert user == account != carol["hash"]

    async def test_session_begun_there_is_refreshed_here(self, upgraded, carol):
        """That gateway writes no row of a login session."""
        values = {"account_id": carol["id"], "family_id": ids.new(), "browser": False}
        expires_at = datetime.now(UTC) + timedelta(days=1)
        await upgraded.write(TOKEN_ROW, token_sha256=digest_of("begun there"), expires_at=expires_at, **values)
        async with upgraded.gateway.client() as http:
            form = {"grant_type": "refresh_token", "refresh_token": "begun there"}
            pair = (await http.post("/api/v1/auth/token", data=form)).raise_for_status().json()
            bearer = {"Authorization": f"Bearer {pair['access_token']}"}
            assert (await http.get("/api/v1/me", headers=bearer)).json()["email"] == carol["email"]

    async def test_registered_here_is_known_there(self, upgraded):
        """That gateway finds an account by its address, and verifies the hash beside it."""
        new = {"email": "dave@example.org", "password": "a password of dave"}
        async with upgraded.gateway.client() as http:
            (await http.post("/api/v1/auth/register", json=new)).raise_for_status()
        async with upgraded.gateway.services.resources.database.reading() as session:
            found = "SELECT password_hash FROM accounts WHERE email = :email"
            known = await session.scalar(text(found), {"email": new["email"]})
        assert PASSWORDS.verify(new["password"], known)


def open_picture(encrypted, key_file, password):
    opener = stanzas.PlainOpen() if password is None else stanzas.PassphraseOpen.from_passphrase(password)
    return bytes(decrypt_image(encrypted, key_file, openers=[opener]).data)
