/** The seed of a file key that a client draws for itself (docs/explanation/entropy.md, "Client custody"). */

import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, u16, u64, utf8 } from "./bytes.ts";
import { hkdfExpand, hkdfExtract } from "./primitives.ts";
import { FILE_KEY_SIZE, LABELS } from "./schedule.ts";

export const OWN_BYTES = 64;
export const MAX_SERVER_BYTES = 1024;
const SOURCE = utf8("client");
const SEED = 32;

/**
 * Conditions the client's own random bytes with bytes of the server, if there are any.
 *
 * The seed is as secret as `own`, whatever the server sends: its bytes say where a seed came from, and add no secrecy.
 *
 * @param own 64 bytes of the client's generator, for this seed alone
 * @param jobId names the attempt
 * @param server at most 1024 bytes
 */
export function conditionSeed(own: Bytes, jobId: string, server: Bytes = new Uint8Array()): Bytes {
  if (own.length !== OWN_BYTES || server.length > MAX_SERVER_BYTES) {
    throw new RangeError("A seed is made of 64 own bytes, and at most 1024 of the server");
  }
  const ikm = concat(u64(own.length), own, u64(server.length), server);
  const info = concat(...[LABELS.clientSeed, SOURCE, utf8(jobId)].map(framed));
  const seed = hkdfExpand(hkdfExtract(ikm, sha512(LABELS.entropy)), info, SEED);
  ikm.fill(0);
  return seed;
}

export function fileKeyOf(seed: Bytes): Bytes {
  return hkdfExpand(hkdfExtract(seed), LABELS.fileKey, FILE_KEY_SIZE);
}

function framed(data: Bytes): Bytes {
  if (data.length > 0xffff) throw new RangeError("The name of a job is too long");
  return concat(u16(data.length), data);
}
