"""Install a lock of requirements/ and the project itself into `.venv`; do nothing if it is up to date.

Run by `make setup` for dev.txt, and by `make up` and `make demo` for run.txt, which is a part of it. It needs only
Python >= 3.11 and its standard library. The stamp is a digest of the requirements, not a time: a new branch with the
same requirements installs nothing and does not use the network.
"""

import hashlib
import json
import platform
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.sha256"
SUFFICE = {"run": ("run", "dev"), "dev": ("dev",)}
"""For each lock, the locks that include all of it."""


def main(lock: str) -> None:
    if STAMP.is_file() and PYTHON.exists() and STAMP.read_text(encoding="ascii") in map(digest, SUFFICE[lock]):
        return
    if not has_this_python():
        create()
    install(lock)
    STAMP.write_text(digest(lock), encoding="ascii")


def digest(lock: str) -> str:
    """Hash what the environment depends on: the interpreter, the locks, and the tables that an install reads."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [
        platform.python_version(),
        str(ROOT),
        json.dumps([project["project"], project["build-system"], project["tool"]["hatch"]], sort_keys=True),
        *((ROOT / "requirements" / name).read_text(encoding="utf-8") for name in (f"{lock}.txt", "uv.txt")),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def has_this_python() -> bool:
    probe = [PYTHON, "-c", "import pip, platform; print(platform.python_version())"]
    try:
        answer = subprocess.run(probe, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout.strip() == platform.python_version()


def create() -> None:
    say(f"setup: a virtual environment of Python {platform.python_version()} in .venv")
    try:
        venv.create(VENV, clear=True, symlinks=True, with_pip=True)
    except (subprocess.CalledProcessError, ImportError):
        sys.exit("setup: this Python cannot make a virtual environment. Debian and Ubuntu: apt install python3-venv")


def install(lock: str) -> None:
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    uv = [str(VENV / "bin" / "uv"), "pip"]
    # uv installs the lock in seconds, pip in minutes; the result is the same, since every file's hash is in the lock.
    if run([*pip, "install", "--quiet", "--require-hashes", "-r", "requirements/uv.txt"]):
        # Byte code is compiled once here, not by each of the many processes of a system start.
        # The system's certificates, as with pip: behind a private proxy, the certificates of uv do not suffice.
        command, extra = uv, ["--python", str(PYTHON), "--compile-bytecode", "--system-certs"]
    else:
        say("setup: uv is not available here; pip takes longer")
        command, extra = pip, []
    say("setup: the locked dependencies")
    project = ["--no-deps", "--no-build-isolation", "-e", "."]
    if not run([*command, "install", "--quiet", *extra, "--require-hashes", "-r", f"requirements/{lock}.txt"]):
        sys.exit("setup: the locked dependencies could not be installed; see the installer's output above")
    if not run([*command, "install", "--quiet", *extra, *project]):
        sys.exit("setup: the project itself could not be installed; see the installer's output above")


def run(command: list[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
