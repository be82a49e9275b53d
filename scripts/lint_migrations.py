"""Check the SQL of each migration separately with squawk.

In one file, squawk would treat a table of an earlier migration as new, and miss unsafe changes to it.
"""

import subprocess
import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import Script, ScriptDirectory

INI = Path(__file__).resolve().parent.parent / "migrations" / "alembic.ini"
BIN = Path(sys.executable).parent


def main() -> None:
    revisions = [*ScriptDirectory.from_config(Config(INI)).walk_revisions()][::-1]
    failed = [revision.revision for revision in revisions if not is_safe(revision)]
    if failed:
        sys.exit(f"squawk objects to {', '.join(failed)}")
    print(f"{len(revisions)} migrations: nothing to object to")


def is_safe(revision: Script) -> bool:
    span = f"{revision.down_revision or 'base'}:{revision.revision}"
    command = [sys.executable, "-m", "alembic", "-c", str(INI), "upgrade", span, "--sql"]
    sql = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # Alembic itself defines the table that holds the revision.
    sql = sql.replace("    version_num ", "    -- squawk-ignore prefer-text-field\n    version_num ")
    return subprocess.run([BIN / "squawk", "--stdin-filepath", span], input=sql, text=True, check=False).returncode == 0


if __name__ == "__main__":
    main()
