"""Install the generators of API clients into `.venv-clients`, from requirements/clients.txt and the package lock.

Run by `make clients`, which alone needs them. If they are up to date, it does nothing and does not use the network.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-clients"
NODE = VENV / "node"
STAMP = VENV / "installed.sha256"
LOCK = ROOT / "requirements" / "clients.txt"
PACKAGES = [ROOT / "tests" / "clients" / "typescript" / name for name in ("package.json", "package-lock.json")]


def main() -> None:
    wanted = digest()
    if STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    run(sys.executable, "-m", "venv", "--without-pip", str(VENV))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(VENV / "bin" / "python")]
    uv = [str(ROOT / ".venv" / "bin" / "uv"), "pip"]
    python = ["--python", str(VENV / "bin" / "python"), "--system-certs"]
    command = [*uv, "install", *python] if Path(uv[0]).exists() else [*pip, "install"]
    run(*command, "--quiet", "--require-hashes", "-r", str(LOCK))
    if shutil.which("npm") is not None:
        NODE.mkdir()
        for path in PACKAGES:
            shutil.copy(path, NODE)
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=NODE)
    STAMP.write_text(wanted, encoding="ascii")


def digest() -> str:
    """Hash what the generators depend on: the interpreter, whether Node is available, and the locks."""
    parts = [sys.version, str(ROOT), str(shutil.which("npm")), *(path.read_text("utf-8") for path in (LOCK, *PACKAGES))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def run(*command: str, cwd: Path = ROOT) -> None:
    if subprocess.run(command, cwd=cwd, check=False).returncode:
        sys.exit("clients: the generators could not be installed; see the installer's output above")


if __name__ == "__main__":
    main()
