"""`imageshield login`, `logout` and `whoami`, against a real gateway."""

import asyncio
import http.server
import json
import os
import re
import stat
import threading

import pytest

from backplane.services.identity.api_key_format import PATTERN, is_api_key
from backplane.wiring.gateway import open_gateway
from imageshield.__main__ import run
from imageshield.commands.remote import connections, credentials
from tests.api.conftest import serving
from tests.support.accounts import PASSWORD, add_account
from tests.support.databases import query

LOGGED = re.compile(r"\d{4}-\d\d-\d\d ")
EMAIL = "ada@example.org"
KEY = "qis_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg3Hym5w"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home directory, and no credential in the environment."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", credentials.API_KEY, credentials.SERVER):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def file(home):
    return home / ".config/imageshield/credentials.json"


@pytest.fixture
def command(home, capsys):
    def call(*arguments, expect=0):
        code = run([*arguments])
        printed = capsys.readouterr()
        assert code == expect, printed.out + printed.err
        # The gateway runs on a thread of this process, and logs to the same stream.
        out = "\n".join(line for line in printed.out.splitlines() if not LOGGED.match(line))
        return json.loads(out) if "--json" in arguments else out + printed.err

    return call


@pytest.fixture
def service(settings):
    async def register():
        async with open_gateway(settings) as gateway:
            await add_account(gateway.resources, EMAIL)

    asyncio.run(register())
    with serving(settings) as running:
        yield running.base_url


@pytest.fixture
def password_file(tmp_path):
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    return str(path)


@pytest.fixture
def log_in(command, service, password_file):
    arguments = ("login", "--server", service, "--email", EMAIL, "--password-file", password_file, "--json")
    return lambda *more, expect=0: command(*arguments, *more, expect=expect)


@pytest.mark.stack
class TestLogin:
    def test_key_is_made_and_kept(self, log_in, file, service, database_url):
        found = log_in()
        kept = json.loads(file.read_text())
        assert kept["server"] == found["server"] == service
        assert is_api_key(kept["api_key"])
        assert kept["api_key"].startswith(found["prefix"])
        assert found["scopes"] == ["jobs:read", "jobs:write", "keys:export", "results:read", "usage:read"]
        assert found["name"].startswith("imageshield on ")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert query(database_url, "SELECT 1 FROM refresh_tokens") == []

    def test_secret_is_not_printed(self, command, service, password_file, file):
        printed = command("login", "--server", service, "--email", EMAIL, "--password-file", password_file)
        assert str(file) in printed
        assert json.loads(file.read_text())["api_key"][13:] not in printed
        assert PASSWORD not in printed

    def test_scopes_and_days_are_chosen(self, log_in, database_url):
        found = log_in("--scope", "jobs:read", "--days", "2")
        assert found["scopes"] == ["jobs:read"]
        [row] = query(database_url, "SELECT expires_at - created_at < interval '49 hours' AS soon FROM api_keys")
        assert row["soon"]

    def test_second_login_replaces_the_file(self, log_in, file):
        first = log_in()["id"]
        assert log_in()["id"] != first
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_wrong_password(self, log_in, password_file, file, tmp_path):
        (tmp_path / "password").write_text("not the password")
        found = log_in(expect=1)
        assert found["error"]["code"] == "invalid-grant"
        assert not file.exists()

    def test_unknown_scope_leaves_no_session(self, log_in, file, database_url):
        assert log_in("--scope", "everything", expect=1)["error"]["code"] == "validation-failed"
        assert not file.exists()
        assert query(database_url, "SELECT 1 FROM refresh_tokens") == []

    def test_brought_key_is_kept(self, log_in, command, service, file, tmp_path):
        log_in()
        secret = json.loads(file.read_text())["api_key"]
        brought = tmp_path / "key"
        brought.write_text(secret + "\n")
        brought.chmod(0o600)
        command("login", "--server", service, "--api-key-file", str(brought))
        assert json.loads(file.read_text()) == {"server": service, "api_key": secret, "made": False}

    def test_revoked_key_is_not_kept(self, log_in, command, service, file, tmp_path):
        log_in()
        brought = tmp_path / "key"
        brought.write_text(json.loads(file.read_text())["api_key"])
        brought.chmod(0o600)
        command("logout")
        assert "No valid credential" in command("login", "--server", service, "--api-key-file", str(brought), expect=1)
        assert not file.exists()


@pytest.mark.stack
class TestWhoami:
    def test_kept_key(self, log_in, command):
        made = log_in()
        assert command("whoami", "--json") == made

    def test_environment_comes_first(self, log_in, command, service, file, monkeypatch):
        made = log_in()
        monkeypatch.setenv(credentials.API_KEY, json.loads(file.read_text())["api_key"])
        monkeypatch.setenv(credentials.SERVER, service)
        file.unlink()
        assert command("whoami", "--json")["id"] == made["id"]

    def test_other_server_gets_no_kept_key(self, log_in, command):
        log_in()
        assert "the key that is kept is for" in command("whoami", "--server", "http://127.0.0.1:9", expect=1)

    def test_readable_file_is_refused(self, log_in, command, file):
        log_in()
        file.chmod(0o644)
        assert command("whoami", "--json", expect=1)["error"]["code"] == "credentials-exposed"


@pytest.mark.stack
class TestLogout:
    def test_made_key_is_revoked(self, log_in, command, file, database_url):
        log_in()
        assert command("logout", "--json")["revoked"] is True
        assert not file.exists()
        [row] = query(database_url, "SELECT revoked_at FROM api_keys")
        assert row["revoked_at"] is not None
        assert command("logout", "--json", expect=1)["error"]["code"] == "not-logged-in"

    def test_brought_key_stays_valid(self, log_in, command, file, database_url):
        log_in()
        kept = json.loads(file.read_text())
        file.write_text(json.dumps(kept | {"made": False}))
        assert command("logout", "--json")["revoked"] is False
        [row] = query(database_url, "SELECT revoked_at FROM api_keys")
        assert row["revoked_at"] is None

    def test_key_that_was_revoked_before(self, log_in, command, file):
        log_in()
        text = file.read_text()
        command("logout")
        file.write_text(text)
        file.chmod(0o600)
        command("logout")


class TestWithoutAService:
    @pytest.fixture
    def kept(self, file):
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"server": "http://127.0.0.1:9", "api_key": KEY, "made": True}))
        file.chmod(0o600)
        return file

    def test_key_is_forgotten_and_it_says_so(self, kept, command):
        found = command("logout", "--json", expect=1)["error"]
        assert found["code"] == "not-revoked"
        assert KEY not in json.dumps(found)
        assert not kept.exists()

    def test_server_that_does_not_answer(self, kept, command):
        found = command("whoami", "--json", expect=1)["error"]
        assert found["code"] == "server-unreachable"
        assert KEY not in json.dumps(found)

    def test_nobody_is_logged_in(self, command):
        assert command("whoami", "--json", expect=1)["error"]["code"] == "not-logged-in"

    def test_environment_needs_a_server(self, command, monkeypatch):
        monkeypatch.setenv(credentials.API_KEY, KEY)
        assert "--server" in command("whoami", expect=2)

    @pytest.mark.parametrize("text", ["", "hunter2", KEY + "x", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"])
    def test_other_secret_is_not_sent(self, command, tmp_path, text):
        path = tmp_path / "key"
        path.write_text(text)
        path.chmod(0o600)
        printed = command("whoami", "--server", "http://127.0.0.1:9", "--api-key-file", str(path), "--json", expect=1)
        assert printed["error"]["code"] == "api-key-unfit"
        assert not text or text not in json.dumps(printed)

    @pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"server": 1}'])
    def test_damaged_file(self, file, command, content):
        file.parent.mkdir(parents=True)
        file.write_text(content)
        file.chmod(0o600)
        assert command("whoami", "--json", expect=1)["error"]["code"] == "credentials-unfit"

    def test_file_of_another_user(self, kept, command, monkeypatch):
        if os.geteuid() == 0:
            os.chown(kept, 12345, -1)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert command("whoami", "--json", expect=1)["error"]["code"] == "credentials-exposed"

    def test_no_terminal_needs_options(self, command):
        assert "--server" in command("login", expect=2)
        assert "--email" in command("login", "--server", "http://127.0.0.1:9", expect=2)

    @pytest.mark.parametrize(
        "server",
        [
            "http://images.example",
            "ftp://images.example",
            "https://me:secret@images.example",
            "https://images.example/api",
            "https://images.example:99999",
            "https://",
            "",
        ],
    )
    def test_unfit_server_is_refused(self, command, server):
        printed = command("login", "--server", server or " ", "--email", EMAIL, expect=2)
        assert "secret" not in printed

    def test_redirect_is_not_followed(self, command, tmp_path):
        """The credential must not go to the address that an answer names."""
        seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.path)
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        path = tmp_path / "key"
        path.write_text(KEY)
        path.chmod(0o600)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}"
            found = command("whoami", "--server", address, "--api-key-file", str(path), "--json", expect=1)
            server.shutdown()
        assert found["error"]["code"] == "server-unknown"
        assert seen == ["/api/v1/auth/keys/current"]

    def test_shape_is_the_documented_one(self):
        assert credentials.SHAPE.pattern == PATTERN

    def test_servers_are_written_one_way(self):
        written = {connections.read_server(text) for text in ("images.example", "https://images.example/")}
        assert written == {"https://images.example"}
        assert connections.read_server("http://[::1]:8000") == "http://[::1]:8000"
