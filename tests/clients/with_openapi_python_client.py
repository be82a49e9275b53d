"""Encryption, decryption and a batch with the client of openapi-python-client."""

import io
import sys
from pathlib import Path

from generated import AuthenticatedClient, Client
from generated.api.accounts import get_token, register
from generated.api.batches import encrypt_batch, get_batch_result, list_batches
from generated.api.images import decrypt, encrypt
from generated.api.jobs import get_key_file, get_result, list_jobs
from generated.models import (
    Batch,
    DecryptBody,
    EncryptBatchBody,
    EncryptBody,
    Job,
    NewAccount,
    OAuthProblem,
    TokenPair,
    TokenRequest,
    TokenRequestGrantType,
)
from generated.types import File

EMAIL, PASSWORD = "python-client@example.org", "correct horse battery"
PATIENCE = {"timeout": 60, "httpx_args": {"trust_env": False}}


def main(url: str, picture: Path) -> None:
    anybody = Client(url, **PATIENCE)
    register.sync_detailed(client=anybody, body=NewAccount(EMAIL, PASSWORD))
    refused = get_token.sync(client=anybody, body=TokenRequest(TokenRequestGrantType.PASSWORD, EMAIL, "no, not this"))
    assert isinstance(refused, OAuthProblem), refused
    assert refused.error == "invalid_grant", refused
    pair = get_token.sync(client=anybody, body=TokenRequest(TokenRequestGrantType.PASSWORD, EMAIL, PASSWORD))
    assert isinstance(pair, TokenPair), pair
    client = AuthenticatedClient(url, pair.access_token, **PATIENCE)
    original = picture.read_bytes()

    form = EncryptBody(file(original, picture.name), reference="case-2026-017", metadata='{"patient": "4711"}')
    job = encrypt.sync(client=client, body=form, prefer="wait=30")
    assert isinstance(job, Job), job
    assert (job.status, job.reference, job.file_name) == ("completed", "case-2026-017", picture.name), job
    assert job.metadata.additional_properties == {"patient": "4711"}, job
    page = list_jobs.sync(client=client, reference="case-2026-017", metadata="patient:4711")
    assert [one.job_id for one in page.data] == [job.job_id], page

    encrypted = get_result.sync(job.job_id, client=client).payload.read()
    key_file = get_key_file.sync_detailed(job.job_id, client=client).content
    form = DecryptBody(file(encrypted, "noise.png"), key_file=file(key_file, "noise.qkey"))
    back = decrypt.sync(client=client, body=form)
    assert isinstance(back, File), back
    assert back.payload.read() == original

    form = EncryptBatchBody(images=[file(original, "one.jpg"), file(original, "two.jpg")], reference="all of it")
    batch = encrypt_batch.sync(client=client, body=form, prefer="wait=30")
    assert isinstance(batch, Batch), batch
    assert (batch.status, batch.counts.completed, batch.reference) == ("completed", 2, "all of it"), batch
    assert [one.batch_id for one in list_batches.sync(client=client, reference="all of it").data] == [batch.batch_id]
    assert get_batch_result.sync(batch.batch_id, client=client).payload.read(2) == b"PK"


def file(data: bytes, name: str) -> File:
    return File(io.BytesIO(data), name)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
