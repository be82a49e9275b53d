"""Print .env.example with every empty secret filled in: `python3 scripts/make_env.py > .env`."""

import re
import secrets
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def main() -> None:
    # Hexadecimal: the values stand in URLs, where other characters would need escaping.
    print(
        re.sub(r"(?m)^(\w+_(?:PASSWORD|KEY))=$", lambda m: f"{m[1]}={secrets.token_hex(24)}", EXAMPLE.read_text()),
        end="",
    )


if __name__ == "__main__":
    main()
