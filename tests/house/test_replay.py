"""The steps of a Dockerfile, as `make replay` carries them out."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import dockerfile_steps

sys.path.pop(0)


@pytest.fixture
def image(tmp_path):
    return dockerfile_steps.Image("api", tmp_path / "image", directory=tmp_path / "image" / "app")


@pytest.fixture
def project(tmp_path):
    project = tmp_path / "project"
    for name in (
        "console/src/a.ts",
        "console/node_modules/b.js",
        "console/dist/c.js",
        "api/app.py",
        "api/console/old.js",
    ):
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (project / "package.json").write_text("{}")
    (project / ".npmrc").write_text("")
    (project / ".dockerignore").write_text("*\n!api\n!console\n**/node_modules\n**/dist\napi/console\n")
    return project


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


class TestCopy:
    def test_leaves_out_what_a_build_does_not_see(self, image, project):
        dockerfile_steps.copy(image, "console console", project=project)
        dockerfile_steps.copy(image, "api api", project=project)
        assert files(image.root) == {"app/console/src/a.ts", "app/api/app.py"}

    def test_several_files_go_into_the_folder(self, image, project):
        image.directory.mkdir(parents=True)
        dockerfile_steps.copy(image, "package.json .npmrc ./", project=project)
        assert files(image.root) == {"app/package.json", "app/.npmrc"}

    @pytest.mark.parametrize("target", ["api/console", "/app/api/console"])
    def test_stage_is_copied_within_the_image(self, image, project, target):
        (image.root / "build" / "site").mkdir(parents=True)
        (image.root / "build" / "site" / "index.html").write_text("x")
        dockerfile_steps.copy(image, f"--from=console /build/site {target}", project=project)
        assert "app/api/console/index.html" in files(image.root)

    def test_stage_in_its_place_is_left_alone(self, image, project):
        (image.root / "opt" / "venv").mkdir(parents=True)
        dockerfile_steps.copy(image, "--from=build /opt/venv /opt/venv", project=project)
        assert (image.root / "opt" / "venv").is_dir()
