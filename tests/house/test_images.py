"""The Dockerfiles of the gateway and of the worker."""

import re
import stat

import pytest

IMAGES = {
    "api": {"api", "backplane", "migrations", "shield_core"},
    "worker": {"backplane", "relay", "shield_core", "worker"},
}


def steps(text):
    """The instructions of a Dockerfile: continuation lines joined, comments gone."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"(?m)^\s*#.*\n", "", text))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def sources(some_steps):
    """What these steps copy from the project."""
    copies = [words.split() for kind, words in some_steps if kind == "COPY" and not words.startswith("--from")]
    return [source for *several, _target in copies for source in several]


@pytest.fixture(params=sorted(IMAGES))
def image(request):
    return request.param


@pytest.fixture
def dockerfile(root, image):
    return steps((root / f"Dockerfile.{image}").read_text())


class TestDockerfile:
    def test_installs_only_its_own_lock_by_hash(self, image, dockerfile):
        installs = [step for kind, step in dockerfile if kind == "RUN" and "pip install" in step]
        assert len(installs) == 1
        assert installs[0].endswith(f"--require-hashes -r requirements/{image}.txt")

    def test_holds_the_packages_that_it_runs(self, image, dockerfile):
        last = max(at for at, (kind, _) in enumerate(dockerfile) if kind == "FROM")
        assert {name for name in sources(dockerfile[last:]) if "/" not in name} == IMAGES[image]

    def test_copies_only_existing_and_visible_files(self, root, dockerfile):
        """Visible is what `.dockerignore` lets into the build."""
        seen = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
        for source in sources(dockerfile):
            assert (root / source).exists(), source
            assert any(source == one or source.startswith(f"{one}/") for one in seen), source

    def test_build_sees_nothing_by_default(self, root):
        lines = [
            line for line in (root / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
        ]
        assert lines[0] == "*"

    def test_runs_as_1001_from_the_last_layers_on(self, dockerfile):
        kinds = [kind for kind, _ in dockerfile]
        assert dockerfile[kinds.index("USER")] == ("USER", "1001:1001")
        assert "RUN" not in kinds[kinds.index("USER") :]
        assert {"HEALTHCHECK", "CMD"} <= set(kinds[kinds.index("USER") :])

    def test_holds_no_secret(self, dockerfile):
        for kind, step in dockerfile:
            assert kind not in {"ENV", "ARG"} or not re.search(r"(?i)password|secret|token|_KEY", step), step

    def test_every_stage_has_the_same_pinned_base(self, dockerfile):
        assert ("ARG", "PYTHON_IMAGE=python:3.12-slim") in dockerfile
        bases = [step.split(" AS ") for kind, step in dockerfile if kind == "FROM"]
        assert {base for base, *name in bases if name != ["console"]} == {"${PYTHON_IMAGE}"}

    def test_console_is_built_in_a_stage_of_node(self, root):
        dockerfile = steps((root / "Dockerfile.api").read_text())
        assert ("FROM", "${NODE_IMAGE} AS console") in dockerfile
        assert ("COPY", "--from=console /build/site api/console") in dockerfile


class TestStartWorker:
    def test_can_be_run(self, root):
        assert (root / "scripts/start_worker.sh").stat().st_mode & stat.S_IXUSR
