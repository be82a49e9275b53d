"""A raw connection on which a test writes any bytes at any speed."""

import asyncio
import json

import httpx

HEAD = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"
FORM = "multipart/form-data; boundary=b"


class Wire:
    def __init__(self, reader, writer):
        self.reader, self.writer, self.sent = reader, writer, 0

    @classmethod
    async def open(cls, gateway):
        host, port = gateway.base_url.removeprefix("http://").split(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def begin(self, path, token, *, length=None, media_type=FORM, **headers):
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: gateway",
            f"Authorization: Bearer {token}",
            f"Content-Type: {media_type}",
        ]
        lines += [f"Content-Length: {length}"] if length is not None else ["Transfer-Encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        await self.writer.drain()

    async def send(self, data, *, chunked=False):
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        await self.writer.drain()
        self.sent += len(data)

    async def answer(self):
        """Read the answer's head and body."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)).decode()
        headers = httpx.Headers([line.split(": ", 1) for line in head.split("\r\n")[1:] if line])
        body = await asyncio.wait_for(self.reader.readexactly(int(headers["Content-Length"])), 20)
        return int(head.split()[1]), headers, json.loads(body)

    @property
    def answered(self):
        return bool(self.reader._buffer)
