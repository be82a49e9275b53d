"""Readers of forms with pictures, in memory only.

Starlette's own parser keeps each file in a SpooledTemporaryFile, which moves to the disk at 1 MB; an original must
never be on the disk in plaintext. That parser also reads before the caller is known, and it counts parts but not the
bytes of each. So the routes read their forms themselves, after authentication. Every file has its own limit, exact to
the byte, and the first unknown field ends the reading.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from api.middleware.bodies import release_bytes
from api.requests.strict import MULTIPART, NOT_TEXT, decode, demand_media_type
from api.schemas.strict import Strict, unknown_field
from backplane.errors import FileTooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

Options = TypeVar("Options", bound=Strict)

MAX_TEXT = 4096
MAX_HEADERS = 8
NO_FIELDS: Final[Mapping[str, int]] = MappingProxyType({})
SUBMISSIONS_AT_ONCE = 4
"""A picture is in memory twice during encryption: 200 uploads of 5 MB took 980 MB without this limit, 600 with it."""


@dataclass(frozen=True, slots=True)
class File:
    """A part that is a file: its bytes, and its name as the client sent it, unchecked."""

    data: bytes = field(repr=False)
    name: str | None


@dataclass(slots=True)
class _Part:
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    file_name: str | None = None
    limit: int = 0
    body: BytesIO = field(default_factory=BytesIO)

    @property
    def blank(self) -> bool:
        """Whether it has no file name and no bytes: browsers send this for a field in which no file was chosen."""
        return self.file_name == "" and not self.body.tell()


class FormReader:
    """Handles the events of the parser for one form; raises as soon as the form cannot become valid."""

    def __init__(
        self, *, files: Mapping[str, int], texts: type[Strict], passing: Mapping[str, int] = NO_FIELDS
    ) -> None:
        self._limits = dict.fromkeys(texts.model_fields, MAX_TEXT) | dict(texts.max_lengths) | dict(files)
        self._file_limits = files
        self._passing = passing
        self._counts = {**texts.max_counts, **passing}
        self._part = _Part()
        self._header = b""
        self._value = b""
        self._arrived: list[_Part] = []
        self.parts: dict[str, list[_Part]] = {}
        self.ended = False

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_header,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._place,
            "on_part_data": self._add,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._part = _Part()

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._part.headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _place(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get(b"content-disposition"))
        part.name = options.get(b"name", b"").decode(errors="replace")
        if part.name not in self._limits:
            raise invalid(str(unknown_field(self._limits)), kind="unknown_field")
        found = self.parts.setdefault(part.name, [])
        if b"filename" in options:
            part.file_name = options[b"filename"].decode(errors="replace")
        part.limit = self._limits[part.name]
        found.append(part)
        if part.name not in self._file_limits or not part.blank:
            self._admit(part)

    def _admit(self, part: _Part) -> None:
        """Refuse a part that is not blank if it is one too many."""
        before = len(self.parts[part.name]) - 1
        if before == self._counts.get(part.name, 1):
            raise invalid(_too_often(before), kind="duplicate_field", name=part.name)
        if self.passes and len(self.parts.keys() & self._file_limits.keys()) > 1:
            raise invalid(f"Either {' or '.join(self._file_limits)}, not both", kind="either_or")

    def _add(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        if part.body.tell() + end - start > part.limit:
            if part.name in self._file_limits:
                raise FileTooLarge(f"{part.name} has more than {part.limit:,} bytes")
            raise invalid(f"At most {part.limit} bytes", kind="string_too_long", name=part.name)
        part.body.write(memoryview(data)[start:end])
        if part.file_name == "" and end > start:
            self._admit(part)

    def _end_part(self) -> None:
        part = self._part
        if part.name in self._file_limits and part.blank:
            self._drop(part)
        elif part.name in self._passing:
            self._arrived.append(part)

    def _drop(self, part: _Part) -> None:
        found = self.parts[part.name]
        found.pop()
        if not found:
            del self.parts[part.name]

    def _end(self) -> None:
        self.ended = True

    @property
    def texts(self) -> dict[str, list[_Part]]:
        return {name: parts for name, parts in self.parts.items() if name not in self._file_limits}

    @property
    def passes(self) -> bool:
        """Whether the form has had a file that is passed on and not held."""
        return not self._passing.keys().isdisjoint(self.parts)

    def forget(self) -> None:
        self.parts.clear()
        self._arrived.clear()
        self._part = _Part()

    def take_arrived(self) -> Iterator[tuple[str, File]]:
        """Yield the files that have arrived completely, each with the name of its field, and drop them."""
        while self._arrived:
            part = self._arrived.pop(0)
            file, part.body = File(part.body.getvalue(), part.file_name), BytesIO()
            yield part.name, file


async def read_form(
    request: Request, options: type[Options], *, files: Mapping[str, int], required: str
) -> tuple[dict[str, File], Options]:
    """Read a multipart form: its files by name, each within its limit, and its other fields as `options`."""
    reader = FormReader(files=files, texts=options)
    async for _ in _chunks(request, reader):
        pass
    if required not in reader.parts:
        raise invalid("Field required", kind="missing", name=required)
    return _held(reader, files.keys()), _read_options(options, reader.texts)


async def stream_form(
    request: Request,
    options: type[Options],
    *,
    files: Mapping[str, int],
    passing: Mapping[str, int],
    take: Callable[[str, File], Awaitable[None]],
) -> tuple[dict[str, File], Options]:
    """Read a form with too many files to hold at once: `take` gets each file of these fields when it has arrived.

    `passing` limits how often each of these fields may occur. A form uses one of the fields for files, and no other.
    """
    reader = FormReader(files=files, texts=options, passing=passing)
    async for _ in _chunks(request, reader):
        for name, file in reader.take_arrived():
            size = len(file.data)
            await take(name, file)
            release_bytes(request, size)
    if reader.parts.keys().isdisjoint(files):
        raise invalid("Field required", kind="missing", name=next(iter(files)))
    return _held(reader, files.keys() - passing.keys()), _read_options(options, reader.texts)


async def _chunks(request: Request, reader: FormReader) -> AsyncIterator[None]:
    """Feed the body to the reader, and yield after each piece."""
    try:
        parser = MultipartParser(_boundary(request), reader.callbacks(), max_header_count=MAX_HEADERS)
        async for chunk in request.stream():
            parser.write(chunk)
            yield
        parser.finalize()
    except FormParserError:
        raise _malformed() from None
    except BaseException:
        # The traceback lives until the refusal is sent, and would keep the parts in memory.
        reader.forget()
        raise
    if not reader.ended:
        raise _malformed()


def _held(reader: FormReader, files: Collection[str]) -> dict[str, File]:
    sent = [(name, parts[0]) for name, parts in reader.parts.items() if name in files]
    return {name: File(part.body.getvalue(), part.file_name) for name, part in sent}


def invalid(message: str, *, kind: str, name: str | None = None) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body", name) if name else ("body",), "msg": message}])


def _boundary(request: Request) -> bytes:
    demand_media_type(request.headers, MULTIPART)
    _, parameters = parse_options_header(request.headers["content-type"])
    if not parameters.get(b"boundary"):
        raise invalid("The media type names no boundary", kind="not_multipart")
    return parameters[b"boundary"]


def _malformed() -> RequestValidationError:
    return invalid("The body is not a well-formed multipart form", kind="not_multipart")


def _too_often(count: int) -> str:
    return "The field is there twice" if count == 1 else f"The field is there more than {count} times"


def _read_options(options: type[Options], parts: Mapping[str, Sequence[_Part]]) -> Options:
    texts: dict[str, str | list[str]] = {}
    for name, values in parts.items():
        try:
            read = bytes.decode if name in options.raw_texts else decode
            decoded = [read(part.body.getvalue()) for part in values]
        except UnicodeDecodeError:
            raise invalid(NOT_TEXT, kind="not_text", name=name) from None
        texts[name] = decoded if name in options.max_counts else decoded[0]
    try:
        return options.model_validate(texts)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from None
