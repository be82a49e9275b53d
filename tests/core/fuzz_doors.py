"""Fuzz targets for untrusted input of the service: documents, forms, headers and zips."""

import io
import json
import zipfile

from fastapi.exceptions import RequestValidationError

from api.errors import RequestMalformed
from api.requests import strict
from api.serving.heads import check_handshake, check_head
from backplane.errors import ApplicationError
from backplane.services.batches.unpacking import MAX_ITEMS, Archive

DOCUMENT = b'{"email": "a@example.org", "list": [1, -2.5e3, true, null], "text": "\\ud83d\\ude00 \\u00e4"}'
FORM = b"grant_type=password&username=a%40example.org&password=%C3%A4+b"
HEAD = b"GET /health HTTP/1.1\nHost: a:80\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="


def read_document(data):
    """An accepted document is UTF-8 and survives a round trip."""
    try:
        found = strict.read_json(data)
    except RequestValidationError:
        return False
    assert strict.read_json(json.dumps(found).encode()) == found
    assert "\0" not in json.dumps(found, ensure_ascii=False).encode().decode()
    return True


def read_form(data):
    try:
        pairs = strict.read_form(data)
    except RequestValidationError:
        return False
    assert len({name for name, _ in pairs}) == len(pairs)
    assert all("\0" not in text.encode().decode() for pair in pairs for text in pair)
    return True


def read_head(data):
    line, *fields = data.split(b"\n")
    method, _, rest = line.partition(b" ")
    target, _, version = rest.rpartition(b" HTTP/")
    headers = [(name.lower(), value) for name, _, value in (field.partition(b": ") for field in fields)]
    try:
        check_head(version.decode("latin-1"), target, headers)
        check_handshake(version.decode("latin-1"), method.decode("latin-1"), headers)
    except RequestMalformed:
        return False
    assert sum(name == b"host" for name, _ in headers) <= 1
    return True


def read_zip(data):
    try:
        archive = Archive(data)
    except ApplicationError:
        return False
    assert 0 < len(archive.entries) <= MAX_ITEMS
    taken = False
    for entry in archive.entries:
        try:
            assert len(archive.read(entry)) == entry.file_size
            taken = True
        except ApplicationError:
            continue
    return taken


def make_zip():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression=zipfile.ZIP_DEFLATED) as file:
        for name in ("one.png", "ä/zwei.jpg", "three"):
            file.writestr(name, bytes(range(100)))
    return packed.getvalue()
