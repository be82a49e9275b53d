"""Misbehaving callers: uploads that break off halfway, and sockets that nobody reads."""

import asyncio
import base64
import secrets
import socket
from contextlib import suppress
from urllib.parse import urlsplit

RECEIVE_BYTES = 2048
BOUNDARY = "7d1b2c3e4f"


async def drop_upload(url: str, token: str, picture: bytes, *, share: float) -> None:
    """Send a part of an upload and reset the connection."""
    place = urlsplit(url)
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="photo.jpg"\r\n\r\n'.encode()
    body = head + picture + f"\r\n--{BOUNDARY}--\r\n".encode()
    request = (
        f"POST /api/v1/encrypt HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    with suppress(OSError):
        writer.write(request + body[: int(len(body) * share)])
        await writer.drain()
        await asyncio.sleep(0.05)
    # Linger zero: the other side sees a reset and no orderly end.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


async def open_unread_socket(url: str, token: str, job: str) -> socket.socket:
    """Open a progress socket and never read from it."""
    place = urlsplit(url)
    plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    plain.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(plain, (place.hostname, place.port))
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    await loop.sock_sendall(
        plain,
        (
            f"GET /ws/progress/{job} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: {token}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        ).encode(),
    )
    return plain
