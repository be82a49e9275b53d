/**
 * Encrypts what jobs.json in a folder lists, for tests/clients/test_local_encryption.py: the image, the key file and the
 * statement of each file stand beside it afterwards, and results.json says how each was taken, or why not.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { encryptImage, type EncryptOptions } from "../../src/format/encrypt.ts";
import { FormatError } from "../../src/format/failures.ts";
import type { Kdf } from "../../src/format/passphrase.ts";
import { PublicKey } from "../../src/format/recipients.ts";
import { passphraseWrap, recipientWrap, type Wrap } from "../../src/format/wraps.ts";

interface Job extends Pick<EncryptOptions, "layout" | "regions" | "fileName" | "jobId"> {
  readonly file: string;
  readonly keyId?: string;
  readonly serverBytes?: string;
  readonly recipients?: readonly string[];
  readonly passphrase?: string;
  readonly kdf?: Kdf;
}

const [, , folder] = process.argv;
const jobs = JSON.parse(readFileSync(`${folder}/jobs.json`, "utf8")) as Job[];
const results: Record<string, unknown> = {};
for (const job of jobs) results[job.file] = await run(job);
writeFileSync(`${folder}/results.json`, JSON.stringify(results));

async function run({ file, keyId, serverBytes, recipients = [], passphrase, kdf, ...options }: Job): Promise<unknown> {
  const given = {
    ...(keyId !== undefined && { keyId: new Uint8Array(Buffer.from(keyId, "hex")) }),
    ...(serverBytes !== undefined && { serverBytes: new Uint8Array(Buffer.from(serverBytes, "hex")) }),
  };
  try {
    const wraps: Wrap[] = recipients.map((text) => recipientWrap(PublicKey.parse(text)));
    if (passphrase !== undefined) wraps.push(await passphraseWrap(passphrase, kdf));
    const made = await encryptImage(new Uint8Array(readFileSync(`${folder}/${file}`)), { ...options, ...given, wraps });
    writeFileSync(`${folder}/${file}.enc.png`, made.image);
    writeFileSync(`${folder}/${file}.qkey`, made.keyFile);
    writeFileSync(`${folder}/${file}.statement`, made.statement);
    return { layout: made.layout, reason: made.layoutReason, warnings: made.warnings, digest: made.statementSha256 };
  } catch (error) {
    if (error instanceof FormatError) return { code: error.code, message: error.message };
    throw error;
  }
}
