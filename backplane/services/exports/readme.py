"""The text that explains an export to who opens it."""

from typing import Final

README: Final = """\
Export of an account of ImageShield
===================================

*.jsonl            one JSON object on each line, in UTF-8. Times are UTC.
audit.jsonl        the audit trail. It verifies offline:
                   imageshield audit verify audit.jsonl --keys jwks.json
                   (jwks.json is /.well-known/jwks.json of the service)
receipts/          receipts of randomness. They verify offline: imageshield verify
results/           the encrypted images and analyses that were still stored
user/              what is about you, if this is the export of a personal account
manifest.json      the SHA-256 of every other file, but this one

The export holds no password, no key and no decrypted picture. To decrypt an encrypted image without the service you
need its key file: fetch it from the service, from the page of its job or with GET /api/v1/jobs/{job_id}/key-file,
before the account is erased.

Names in "missing" of manifest.json are files that were deleted while the export was made.
"""
