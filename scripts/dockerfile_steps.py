"""Run the steps of a Dockerfile without a container engine, in a directory that represents the image's root."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Report = Callable[[str], None]

OURS = re.compile(r"(?<![\w.:/$}-])/(opt|app|build|tmp|var/lib/imageshield)\b")
"""The absolute paths that our Dockerfiles use."""

NEEDS_AN_ENGINE = ("FROM", "LABEL", "EXPOSE", "ARG", "USER")


@dataclass
class Image:
    """The result of the steps: a directory tree, the environment of its processes, and their commands."""

    name: str
    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = Path("/")
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)

    def place(self, text: str) -> str:
        """Rewrite every path of the image's file system to its place in this tree."""
        return OURS.sub(lambda found: f"{self.root}/{found[1]}", text)


def carry_out(name: str, *, project: Path, root: Path, python: Path, report: Report) -> Image:
    temporary = root / "tmp"
    temporary.mkdir(parents=True)
    temporary.chmod(0o1777)
    image = Image(name, root, {"PATH": f"{python_folder(root, python)}:/usr/bin:/bin", "TMPDIR": str(temporary)})
    for kind, words in available(steps(project / f"Dockerfile.{name}"), report):
        started = time.monotonic()
        carry_out_step(image, kind, words, project=project)
        if kind == "RUN":
            report(f"{name}: {time.monotonic() - started:5.1f} s  RUN {words[:90]}")
    return image


def steps(dockerfile: Path) -> Iterator[tuple[str, str]]:
    """Yield each instruction with its arguments, with continuation lines joined and without comments."""
    text = re.sub(r"(?m)^\s*#.*\n", "", dockerfile.read_text(encoding="utf-8"))
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        if line.strip():
            kind, words = line.split(None, 1)
            yield kind, words


def available(all_steps: Iterator[tuple[str, str]], report: Report) -> Iterator[tuple[str, str]]:
    """Leave out the stage of Node where this machine has no npm."""
    left_out = False
    for kind, words in all_steps:
        if kind == "FROM":
            left_out = (
                words.startswith("${NODE_IMAGE}") and shutil.which("npm", path="/usr/local/bin:/usr/bin:/bin") is None
            )
            if left_out:
                report("SKIPPED: the stage of the console — there is no npm on this machine")
        if not left_out:
            yield kind, words


def carry_out_step(image: Image, kind: str, words: str, *, project: Path) -> None:
    if kind in NEEDS_AN_ENGINE:
        return
    if kind == "WORKDIR":
        image.directory = Path(image.place(words))
        image.directory.mkdir(parents=True, exist_ok=True)
    elif kind == "COPY":
        copy(image, words, project=project)
    elif kind == "ENV":
        for name, value in re.findall(r"(\w+)=(\S+)", words):
            image.environment[name] = image.place(value).replace("$PATH", image.environment["PATH"])
    elif kind == "RUN":
        run(image, words)
    elif kind == "HEALTHCHECK":
        image.healthcheck = json.loads(words[words.index("[") :])
    elif kind in {"CMD", "ENTRYPOINT"}:
        setattr(image, "command" if kind == "CMD" else "entrypoint", json.loads(image.place(words)))
    else:
        sys.exit(f"Dockerfile.{image.name}: the replay does not know {kind}")


def copy(image: Image, words: str, *, project: Path) -> None:
    if words.startswith("--from"):
        _, source, target = words.split()
        place_stage(Path(image.place(source)), image.directory / image.place(target))
        return
    *sources, target = words.split()
    to = image.directory / target
    for source in sources:
        place = to / Path(source).name if target.endswith("/") else to
        place.parent.mkdir(parents=True, exist_ok=True)
        if (project / source).is_dir():
            shutil.copytree(project / source, place, ignore=ignored(project), dirs_exist_ok=True)
        else:
            shutil.copy2(project / source, place)


def place_stage(source: Path, target: Path) -> None:
    """Copy what another stage built. Both share one tree here, so it may be in its place already."""
    if target != source and source.exists():
        shutil.copytree(source, target)


def ignored(project: Path) -> Callable[[str, list[str]], set[str]]:
    """Return what leaves out the files of a folder that `.dockerignore` keeps from a build."""
    lines = (project / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines[1:] if line and line[0] not in "!#*"]
    anywhere = [line.removeprefix("**/") for line in lines if line.startswith("**/")]

    def leave_out(folder: str, names: list[str]) -> set[str]:
        place = Path(folder).relative_to(project).as_posix()
        return {
            name
            for name in names
            if any(fnmatch.fnmatch(name, one) for one in anywhere)
            or any(fnmatch.fnmatch(f"{place}/{name}", one) for one in patterns)
        }

    return leave_out


def run(image: Image, words: str) -> None:
    if "useradd" in words:
        return  # `User.start` sets the user of a process
    # An image keeps no download cache, but the replay may use the one of this machine.
    script = image.place(words).replace("--no-cache-dir ", "")
    machine = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "NUMBA"))
    }
    answer = subprocess.run(
        ["/bin/sh", "-euc", script],
        cwd=image.directory,
        env=machine | image.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        sys.exit(f"Dockerfile.{image.name}: RUN {words}\n{answer.stdout[-4000:]}{answer.stderr[-4000:]}")


def python_folder(root: Path, python: Path) -> Path:
    """Create a folder in which `python` is the interpreter itself, without the packages of this environment."""
    folder = root / "usr" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(python)
    return folder


class User:
    """The user of the image's processes: 1001 if we are root, else our own user on a tree without write permission."""

    PROBE = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"

    def __init__(self, report: Report) -> None:
        own = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        self.ids: dict[str, object] = {}
        self.python = own
        if os.geteuid() == 0:
            ids: dict[str, object] = {"user": 1001, "group": 1001, "extra_groups": []}
            open_to_all = [python for python in (own, Path("/usr/bin/python3").resolve()) if self._runs(python, ids)]
            if open_to_all:
                self.ids, self.python = ids, open_to_all[0]
            else:
                report("SKIPPED: running as user 1001, since no Python of this machine is open to other users")

    def _runs(self, python: Path, ids: Mapping[str, object]) -> bool:
        try:
            command = [python, "-c", self.PROBE]
            return subprocess.run(command, cwd="/", env={}, check=False, **ids).returncode == 0  # type: ignore[call-overload, no-any-return]
        except OSError:
            return False

    def own(self, path: Path) -> None:
        if self.ids:
            os.chown(path, 1001, 1001)

    def start(
        self, image: Image, command: list[str], settings: Mapping[str, str], *, log: Path
    ) -> subprocess.Popen[bytes]:
        environment = {"HOME": "/nonexistent", "LANG": "C.UTF-8"} | image.environment | settings
        program = shutil.which(command[0], path=image.environment["PATH"]) or command[0]
        with log.open("ab") as output:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
                [program, *command[1:]],
                cwd=image.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.ids,
            )


def forbid_writing(image: Image) -> None:
    """Remove write permissions in place of a read-only root file system, if our own user runs the processes."""
    for path in [image.root / "app", *(image.root / "app").rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
