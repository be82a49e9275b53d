/** The entropy statement of an image that a client encrypts: version 2 (docs/explanation/entropy.md, "The statement"). */

import { type Bytes, toHex } from "./bytes.ts";
import { dumps, type JsonObject } from "./canonical.ts";
import { sha256 } from "./primitives.ts";
import { FILE_KEY_SIZE } from "./schedule.ts";
import { OWN_BYTES } from "./seed.ts";

export interface Drawing {
  readonly keyId: Bytes;
  readonly jobId: string;
  /** Bytes of the server that went into the seed. */
  readonly serverBytes: number;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

/** Bits of the server are counted, and credited with nothing: it knows them. */
export function describeDrawing({ keyId, jobId, serverBytes, startedAt, finishedAt }: Drawing): JsonObject {
  return {
    format: "imageshield-entropy-statement",
    version: 2,
    key_id: keyIdText(keyId),
    job_id: jobId,
    purity: { requested: "balanced", served: "balanced", reason: null },
    degraded: false,
    source: {
      name: "client",
      kind: "client",
      credited_bits_per_bit: [0, 1],
      description: { backend: serverBytes > 0 ? "bytes of the server" : "none" },
    },
    raw: {
      draws: serverBytes > 0 ? 1 : 0,
      bits: 8 * serverBytes,
      shots: null,
      credited_bits: 0,
      extraction: null,
      measured_at: null,
    },
    segments: null,
    lanes: null,
    pool: null,
    health: { verdict: "not-run" },
    system: { generator: "getRandomValues", bits: 8 * OWN_BYTES },
    conditioning: { function: "hkdf-sha-512", seed_bits: 256, strength_bits: 8 * FILE_KEY_SIZE },
    started_at: startedAt.toISOString(),
    finished_at: finishedAt.toISOString(),
  };
}

/** SHA-256 of the canonical form, 64 hexadecimal digits. */
export async function digestOf(statement: JsonObject): Promise<string> {
  return toHex(await sha256(dumps(statement)));
}

/** The text of a key id in key files, statements and addresses. */
export function keyIdText(keyId: Bytes): string {
  return `key_${toHex(keyId)}`;
}
