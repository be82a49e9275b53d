"""Check docker-compose.yml with a real Compose: valid with all secrets, refused if one is missing.

It needs no container engine. Run by `make check-compose`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import make_env

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    compose = find_compose()
    if compose is None:
        print("SKIPPED: docker compose config — there is no Compose on this machine")
        return
    filled = make_env.fill(make_env.EXAMPLE.read_text())
    answer = read(compose, filled)
    if answer.returncode:
        sys.exit(f"check_compose: refused with every secret set:\n{answer.stderr}")
    for name in make_env.DEMANDED:
        answer = read(compose, re.sub(rf"(?m)^{name}=.*$", f"{name}=", filled))
        if not answer.returncode or f"{name} is missing a value: run scripts/make_env.py" not in answer.stderr:
            sys.exit(f"check_compose: {name} is not demanded:\n{answer.stderr}")
    print(f"{compose[0]} config: valid with the secrets, refused without {', '.join(make_env.DEMANDED)}")


def find_compose() -> list[str] | None:
    """Return the command of Compose: first the program from requirements/dev.txt, then the plugin of Docker."""
    own = shutil.which("docker-compose", path=Path(sys.executable).parent)
    if own is not None:
        return [own]
    plugin = ["docker", "compose"]
    try:
        found = subprocess.run([*plugin, "version"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return None
    return plugin if found else None


def read(compose: list[str], variables: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `config` with these variables only: variables of the shell would take precedence."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "env"
        file.write_text(variables)
        command = [*compose, "--env-file", str(file), "config", *(options or ("--quiet",))]
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
