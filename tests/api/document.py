"""The paths of docs/openapi.json, which `make check` compares with the routes: reading it is faster than making it."""

import json

from api.snapshot import SNAPSHOT

PATHS = json.loads(SNAPSHOT.read_text())["paths"]
