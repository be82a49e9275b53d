"""Embedded SeaweedFS as S3 server: all parts in one process, on chosen ports, without user interface and telemetry."""

import os
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from imageshield.servers import binaries
from imageshield.servers.home import Home
from imageshield.servers.ports import GRPC_OFFSET, LOOPBACK
from imageshield.servers.service import Service

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARTS = ("master", "volume", "filer", "s3", "admin")
REGION = "us-east-1"
PROBE = "health/probe"

# Volume server and filer have HTTP interfaces beside S3, which require tokens signed with these keys. The master knows
# no tokens and would delete the bucket for any caller: `-disableHttp` closes its interface and that of the filer.
TOKENS = {
    "WEED_JWT_SIGNING_KEY": "seaweedfs-volume-write",
    "WEED_JWT_SIGNING_READ_KEY": "seaweedfs-volume-read",
    "WEED_JWT_FILER_SIGNING_KEY": "seaweedfs-filer-write",
    "WEED_JWT_FILER_SIGNING_READ_KEY": "seaweedfs-filer-read",
}


def port_names() -> tuple[str, ...]:
    return tuple(f"seaweedfs-{part}" for part in PARTS)


def url(ports: dict[str, int]) -> str:
    return f"http://{LOOPBACK}:{ports['seaweedfs-s3']}"


def variables(home: Home, ports: dict[str, int], *, bucket: str) -> dict[str, str]:
    return {
        "S3_ENDPOINT_URL": url(ports),
        "S3_BUCKET": bucket,
        "AWS_ACCESS_KEY_ID": home.secret("s3-access-key"),
        "AWS_SECRET_ACCESS_KEY": home.secret("s3-secret-key"),
    }


def service(home: Home, ports: dict[str, int], *, bucket: str) -> Service:
    folder = home.folder("seaweedfs")
    access, secret = home.secret("s3-access-key"), home.secret("s3-secret-key")
    return Service(
        name="seaweedfs",
        command=(str(binaries.find_weed()), "-logtostderr=true", "mini", f"-dir={folder}", *_flags(ports, bucket)),
        environment={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": access,
            "AWS_SECRET_ACCESS_KEY": secret,
            # Without this, its peak is 723 MB. After a few uploads it holds 237 MB: with a limit of 256 MB it collected
            # garbage all the time, and an upload took three times the processor time.
            "GOMEMLIMIT": "512MiB",
            **{variable: home.secret(name) for variable, name in TOKENS.items()},
        },
        working_directory=folder,
        prepare=partial(_clear_sockets, ports),
        tidy=partial(_clear_sockets, ports),
        healthy=_Bucket(url(ports), bucket, access, secret),
        # On a stop signal it waits for connections that its clients keep open. It has already written everything that
        # it acknowledged, so it gets little time, and a dead supervisor's server is killed at once.
        stop_seconds=5.0,
    )


def _flags(ports: dict[str, int], bucket: str) -> list[str]:
    addresses = [
        f"-{part}.port{kind}={ports[f'seaweedfs-{part}'] + offset}"
        for part in PARTS
        for kind, offset in (("", 0), (".grpc", GRPC_OFFSET))
    ]
    return [
        f"-ip={LOOPBACK}",
        f"-ip.bind={LOOPBACK}",
        *addresses,
        f"-bucket={bucket}",
        "-disableHttp=true",
        "-master.telemetry=false",
        # A resumed master may refuse the first call of the volume server, and the second comes five seconds later. A
        # new master leads at once, and learns every volume from that call.
        "-master.resumeState=false",
        "-admin.ui=false",
        "-webdav=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.cacheCapacityMB=16",
        # A stop waits for idle connections between the parts: 30 s by default.
        "-idleTimeout=2",
        "-volume.preStopSeconds=0",
    ]


def _clear_sockets(ports: dict[str, int]) -> None:
    """Remove the socket files, named by port, that SeaweedFS leaves in /tmp even after a regular stop."""
    for path in socket_files(ports):
        path.unlink(missing_ok=True)


def socket_files(ports: dict[str, int]) -> list[Path]:
    return [
        Path(f"/tmp/seaweedfs-{part}{kind}.sock")  # noqa: S108 -- SeaweedFS's own fixed place
        for part in PARTS
        for kind in (f"-{ports[f'seaweedfs-{part}']}", f"-grpc-{ports[f'seaweedfs-{part}'] + GRPC_OFFSET}")
    ]


class _Bucket:
    """Health check that writes and removes an object: after the port answers, bucket and volumes are not ready yet."""

    def __init__(self, endpoint: str, bucket: str, access: str, secret: str) -> None:
        self._address = {"endpoint_url": endpoint, "aws_access_key_id": access, "aws_secret_access_key": secret}
        self._bucket = bucket

    @cached_property
    def _client(self) -> "S3Client":
        # Imported while the servers start: the import takes longer than their start.
        import boto3
        from botocore.config import Config

        config = Config(connect_timeout=2, read_timeout=2, retries={"max_attempts": 0})
        return boto3.session.Session().client("s3", region_name=REGION, config=config, **self._address)

    def __call__(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.head_bucket(Bucket=self._bucket)
            self._client.put_object(Bucket=self._bucket, Key=PROBE, Body=b"written")
            self._client.delete_object(Bucket=self._bucket, Key=PROBE)
        except (BotoCoreError, ClientError):
            return False
        finally:
            self._client.close()  # only its connections: the next call opens new ones
        return True
