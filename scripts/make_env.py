"""Print .env.example with the secrets and the address of a first start: `python3 scripts/make_env.py > .env`."""

import re
import secrets
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
DEMANDED = ("POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD", "S3_SECRET_KEY")
PUBLIC_URL = "http://localhost:8000"
"""Where Compose publishes the gateway as long as API_PORT is empty."""


def main() -> None:
    print(fill(EXAMPLE.read_text()), end="")


def fill(text: str) -> str:
    """Give each secret a random value. Hexadecimal, because in URLs other characters would need escaping."""
    filled = re.sub(rf"(?m)^({'|'.join(DEMANDED)})=$", lambda found: f"{found[1]}={secrets.token_hex(24)}", text)
    return re.sub(r"(?m)^PUBLIC_URL=$", f"PUBLIC_URL={PUBLIC_URL}", filled)


if __name__ == "__main__":
    main()
