"""The gateway's environment makes glibc return the memory of large uploads, in the image and under `imageshield up`."""

import ctypes
import os
import re
import subprocess
import sys

import pytest

from imageshield.servers import system

UPLOADS = """
from pathlib import Path
one = b"x" * 20_000_000
del one
pictures = [b"x" * 5_000_000 for _ in range(40)]
behind = b"x" * 500_000
del pictures
[line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")]
print(line.split()[1])
"""
SMALL_UPLOADS = """
import resource
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
before = faults()
for _ in range(100):
    one = b"x" * 800_000
    two = one[1:]
    del one, two
print(faults() - before)
"""
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}


@pytest.fixture(scope="module")
def image(root):
    """What Dockerfile.api sets for malloc."""
    return dict(re.findall(r"(?m)^ENV (MALLOC_\w+)=(\S+)$", (root / "Dockerfile.api").read_text()))


@pytest.fixture
def services(tmp_path):
    environment = {"ALIVE_DIRECTORY": str(tmp_path), "DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    own = system._own_services(environment, host="127.0.0.1", port=1, url="http://127.0.0.1:1", workers=1, metrics={})
    return {service.name: service.environment for service in own}


def printed(program, environment):
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=PLAIN | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout)


def resting_megabytes(environment):
    return printed(UPLOADS, environment) / 1000


class TestGatewayMemory:
    @pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs glibc")
    def test_memory_of_uploads_is_returned(self, image):
        assert resting_megabytes(image) < 60
        assert resting_megabytes({}) > 150, "without the variable it stays: if it no longer does, remove the variable"

    @pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="needs glibc")
    def test_memory_of_small_uploads_is_reused(self, image):
        """Otherwise every upload waits for pages of the kernel."""
        assert printed(SMALL_UPLOADS, image) < 5_000
        alone = {"MALLOC_MMAP_THRESHOLD_": image["MALLOC_MMAP_THRESHOLD_"]}
        assert printed(SMALL_UPLOADS, alone) > 20_000, "the second variable is not needed: remove it"

    def test_up_sets_what_the_image_sets(self, image, services):
        assert image
        assert image.items() <= services["gateway"].items()

    def test_worker_keeps_the_default(self, image, services):
        """The worker reuses large buffers: mapping each again costs it milliseconds."""
        assert not image.keys() & services["worker"].keys()
