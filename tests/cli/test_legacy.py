"""`import-legacy`."""

import numpy as np
import pytest

from tests.cli.test_files import Shell
from tests.core.legacy import predecessor
from tests.support import pictures


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    return Shell(tmp_path, capsys, monkeypatch)


def place(shell, version=1, mode="RGB", **arrays):
    picture = pictures.make(9, 7, mode)
    image, key_file = predecessor.encrypt(picture, version, **arrays)
    shell.write("old.png", image)
    shell.write("old.npz", key_file.getvalue())
    return picture


class TestImportLegacy:
    @pytest.mark.parametrize(("version", "mode"), [(1, "RGB"), (2, "RGBA"), (3, "L")])
    def test_decrypts_picture_and_describes_it(self, shell, version, mode):
        picture = place(shell, version, mode)
        found = shell.json("import-legacy", "old.png", "old.npz", "-o", "new.png")
        assert np.array_equal(pictures.pixels(shell.read("new.png")), np.asarray(picture))
        assert found == {
            "file": "new.png",
            "mode": mode,
            "width": 9,
            "height": 7,
            "version": version,
            "authentic": None,
        }
        assert "nothing shows" in shell.err
        assert "encrypt the new one" in shell.err

    def test_checks_the_hmac(self, shell):
        place(shell, 2, hmac_over="plain")
        assert shell.json("import-legacy", "old.png", "old.npz", "-o", "new.png")["authentic"] is True
        assert "warning" not in shell.err

    def test_wrong_hmac_refused_unless_unverified(self, shell):
        place(shell, 2, hmac_over="plain", integrity_hmac=bytes(range(1, 33)))
        error = shell.json("import-legacy", "old.png", "old.npz", "-o", "new.png", expect=3)["error"]
        assert error["rung"] == "mac"
        assert "new.png" not in shell.files()
        shell("import-legacy", "old.png", "old.npz", "-o", "new.png", "--unverified")
        assert "does not fit" in shell.err
        assert "authentic  False" in shell.out

    @pytest.mark.parametrize(
        ("arguments", "expect"),
        [
            (("old.png", "missing.npz"), 1),
            (("old.png", "."), 1),
            (("missing.png", "old.npz"), 1),
            (("old.npz", "old.png"), 1),
            (("old.png", "old.png"), 2),
            (("old.png", "password"), 3),
        ],
    )
    def test_unreadable_file_refused(self, shell, arguments, expect):
        place(shell)
        shell("import-legacy", *arguments, "-o", "new.png", expect=expect)
        assert "new.png" not in shell.files()

    def test_replaces_nothing(self, shell):
        place(shell)
        shell.write("new.png", b"precious")
        shell("import-legacy", "old.png", "old.npz", "-o", "new.png", expect=1)
        assert shell.read("new.png") == b"precious"
        shell("import-legacy", "old.png", "old.npz", "-o", "new.png", "--force")
        shell("import-legacy", "old.png", "old.npz", "-o", "old.png", "--force", expect=2)
