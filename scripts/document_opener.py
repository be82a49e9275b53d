"""Write the SHA-256 of the built opener into docs/reference/opener.md. Run by `make fix`."""

import hashlib
import re

from build_console import OPENER, ROOT

PAGE = ROOT / "docs" / "reference" / "opener.md"


def main() -> None:
    if not OPENER.is_file():
        print("SKIPPED: docs/reference/opener.md — the opener is not built")
        return
    digest = hashlib.sha256(OPENER.read_bytes()).hexdigest()
    PAGE.write_text(re.sub(r"\b[0-9a-f]{64}\b", digest, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
