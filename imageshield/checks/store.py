"""Object store check: the store accepts the credentials, and its bucket stores and returns an object."""

import secrets
from typing import TYPE_CHECKING

from imageshield.checks.situation import Fault, Situation, place

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAME = "S3_ENDPOINT_URL"
SECONDS = 3
BY_STATUS = {
    403: (
        "AWS_ACCESS_KEY_ID",
        "the store refuses these credentials",
        "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    404: ("S3_BUCKET", "the store has no bucket of this name", "create the bucket, or correct its name"),
}
SKEWED = Fault("clock", "the store finds our clock too far off", "set both by NTP")


def check_store(situation: Situation) -> list[Fault]:
    needed = (NAME, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    if not situation.can_ask(NAME) or not all(situation.environment.get(name) for name in needed):
        return []
    from botocore.exceptions import BotoCoreError, ClientError

    bucket = situation.environment.get("S3_BUCKET") or "imageshield"
    try:
        client = _connect(situation)
        client.head_bucket(Bucket=bucket)
        _write_and_read(client, bucket)
    except ClientError as error:
        return [_judge(error.response)]
    except (BotoCoreError, ValueError) as error:
        problem = f"{place(situation.environment[NAME])} does not answer as an S3 store ({type(error).__name__})"
        return [Fault(NAME, problem, "start the store, let this machine reach it, or correct the address")]
    return []


def _connect(situation: Situation) -> "S3Client":
    import boto3
    from botocore.config import Config

    quick = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"max_attempts": 0})
    return boto3.session.Session().client(
        "s3",
        endpoint_url=situation.environment[NAME],
        aws_access_key_id=situation.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=situation.environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=quick,
    )


def _write_and_read(client: "S3Client", bucket: str) -> None:
    key = f"health/{secrets.token_hex(8)}"
    client.put_object(Bucket=bucket, Key=key, Body=b"written")
    try:
        client.get_object(Bucket=bucket, Key=key)["Body"].read()
    finally:
        client.delete_object(Bucket=bucket, Key=key)


def _judge(response: dict) -> Fault:
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "RequestTimeTooSkewed":
        return SKEWED
    if status in BY_STATUS:
        return Fault(*BY_STATUS[status])
    return Fault(NAME, f"the store answered {status} {code}".strip(), "look into the store's own log")
