"""A server that has started: what it has loaded is exempt from garbage collection."""

import subprocess
import sys

from tests.support.stack import ROOT

START = """
import asyncio, gc
from api.serving.server import Server, configure

async def app(scope, receive, send):
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})

async def main():
    server = Server(configure(app, host="127.0.0.1", port=0))
    asyncio.get_running_loop().call_later(0.2, setattr, server, "should_exit", True)
    await server.serve()
    print(gc.get_freeze_count() > len(gc.get_objects()))

asyncio.run(main())
"""


def test_loaded_objects_are_exempt_from_collection():
    """In a process of its own: the objects of the tests would be exempt, too."""
    ran = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == "True\n"
