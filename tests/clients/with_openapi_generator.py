"""Encryption, decryption and a batch with the Python client of OpenAPI Generator."""

import sys
from pathlib import Path

import generated
from generated.exceptions import BadRequestException

EMAIL, PASSWORD = "openapi-generator@example.org", "correct horse battery"


def main(url: str, picture: Path) -> None:
    configuration = generated.Configuration(host=url)
    with generated.ApiClient(configuration) as client:
        accounts = generated.AccountsApi(client)
        accounts.register(generated.NewAccount(email=EMAIL, password=PASSWORD))
        assert refusal(accounts) == "invalid_grant"
        configuration.access_token = accounts.get_token("password", username=EMAIL, password=PASSWORD).access_token
        images, jobs, batches = (
            kind(client) for kind in (generated.ImagesApi, generated.JobsApi, generated.BatchesApi)
        )
        original = picture.read_bytes()

        job = images.encrypt(
            (picture.name, original), prefer="wait=30", reference="case-2026-017", metadata='{"patient": "4711"}'
        )
        assert (job.status, job.reference, job.file_name) == ("completed", "case-2026-017", picture.name), job
        assert job.metadata == {"patient": "4711"}, job
        page = jobs.list_jobs(reference="case-2026-017", metadata="patient:4711")
        assert [one.job_id for one in page.data] == [job.job_id], page

        encrypted = jobs.get_result(job.job_id)
        key_file = jobs.get_key_file_without_preload_content(job.job_id).data
        assert images.decrypt(("noise.png", encrypted), key_file=("noise.qkey", key_file)) == original

        batch = batches.encrypt_batch(
            images=[("one.jpg", original), ("two.jpg", original)], prefer="wait=30", reference="all of it"
        )
        assert (batch.status, batch.counts.completed, batch.reference) == ("completed", 2, "all of it"), batch
        assert [one.batch_id for one in batches.list_batches(reference="all of it").data] == [batch.batch_id]
        assert batches.get_batch_result(batch.batch_id)[:2] == b"PK"


def refusal(accounts: generated.AccountsApi) -> str:
    try:
        accounts.get_token("password", username=EMAIL, password="no, not this")
    except BadRequestException as refused:
        return refused.data.error
    return "none"


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
