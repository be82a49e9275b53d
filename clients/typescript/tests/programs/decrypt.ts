/**
 * Decrypts what jobs.json in a folder lists, for tests/clients/test_local_decryption.py: each file stands beside its image
 * afterwards, and results.json says what was decrypted, or why not.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Bytes, toHex } from "../../src/format/bytes.ts";
import { decrypt } from "../../src/format/decrypt.ts";
import { FormatError } from "../../src/format/failures.ts";
import { sha256 } from "../../src/format/primitives.ts";
import { SecretKey } from "../../src/format/recipients.ts";

interface Job {
  readonly name: string;
  readonly passphrase?: string;
  readonly identity?: string;
}

const [, , folder] = process.argv;
const jobs = JSON.parse(readFileSync(`${folder}/jobs.json`, "utf8")) as Job[];
const results: Record<string, unknown> = {};
for (const job of jobs) results[job.name] = await run(job);
writeFileSync(`${folder}/results.json`, JSON.stringify(results));

async function run({ name, passphrase, identity }: Job): Promise<unknown> {
  const [image, keyFile, material, header] = ["enc.png", "qkey", "qmat", "qhdr"].map((suffix) => read(`${name}.${suffix}`));
  const secrets = { passphrase, secretKeys: identity === undefined ? [] : [SecretKey.parse(identity)] };
  try {
    const { file, samples, ...about } = await decrypt({ image: demand(image), keyFile: demand(keyFile), material, header, secrets });
    writeFileSync(`${folder}/${name}.back`, file);
    return { ...about, samples: toHex(await sha256(samples)) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { code: error.code, failure: error.failure };
  }
}

function read(name: string): Bytes | null {
  const path = `${folder}/${name}`;
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : null;
}

function demand(data: Bytes | null): Bytes {
  if (data === null) throw new Error("a file is missing");
  return data;
}
