/** Receipts: who states where a key's bits came from (docs/reference/receipts.md). */

import { type Bytes, concat, equal, toHex, utf8 } from "./bytes.ts";
import { bytesOf, dumps, hasKeys, isDigest, isObject, type JsonObject, type JsonValue, loads, loadsIndented, NotCanonical } from "./canonical.ts";
import { TAG_SIZE } from "./container.ts";
import { FormatError } from "./failures.ts";
import { sha256 } from "./primitives.ts";

/** Not a receipt, or no longer one. */
export class ReceiptInvalid extends FormatError {
  readonly code = "receipt-invalid";
}

/** The fields of a signature, in the order in which signatures are made: each covers the one before. */
const SIGNATURES = {
  "ML-DSA-65": { signer: "signer_ml_dsa_65", field: "signature_ml_dsa_65_b64", size: 3309 },
  Ed25519: { signer: "signer", field: "signature_b64", size: 64 },
} as const;
export type Algorithm = keyof typeof SIGNATURES;

export interface Signature {
  readonly algorithm: Algorithm;
  /** The thumbprint of its key. */
  readonly signer: string;
  readonly value: Bytes;
  /** What it covers. */
  readonly message: Bytes;
}

export interface Receipt {
  readonly statement: JsonObject;
  /** `key_` and 32 hexadecimal digits. */
  readonly keyId: string;
  readonly statementSha256: string;
  readonly imageSha256: string;
  readonly tag: Bytes;
  /** None of a receipt that nobody signed. */
  readonly signatures: readonly Signature[];
}

const MAX_RECEIPT_BYTES = 1_048_576;
const FIELDS = ["statement", "statement_sha256", "image_sha256", "tag_b64", "signer", "signature_b64"];
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
const SYSTEM_BITS = 512;

/** Reads a receipt strictly. */
export async function parseReceipt(data: Bytes): Promise<Receipt> {
  if (data.length > MAX_RECEIPT_BYTES) throw new ReceiptInvalid("A receipt has at most 1 MiB");
  const value = read(data);
  const withMlDsa = isObject(value) && Object.hasOwn(value, SIGNATURES["ML-DSA-65"].signer);
  const extra = withMlDsa ? [SIGNATURES["ML-DSA-65"].signer, SIGNATURES["ML-DSA-65"].field] : [];
  demand(hasKeys(value, ...FIELDS, ...extra), "The receipt has a missing or additional field");
  const { statement, statement_sha256, image_sha256 } = value;
  demand(isObject(statement) && isSound(statement), "The statement is one that no service writes");
  demand(isDigest(statement_sha256) && isDigest(image_sha256), "The receipt has a malformed digest");
  demand(toHex(await sha256(dumps(statement))) === statement_sha256, "The statement is not the one that the receipt was made of");
  const tag = bytesOf(value.tag_b64, TAG_SIZE, TAG_SIZE);
  demand(tag !== null, "The receipt has a malformed tag");
  const signatures = readSignatures(value, withMlDsa);
  return { statement, keyId: statement.key_id as string, statementSha256: statement_sha256, imageSha256: image_sha256, tag, signatures };
}

function read(data: Bytes): JsonValue {
  for (const parse of [loadsIndented, loads]) {
    try {
      return parse(data);
    } catch (error) {
      if (!(error instanceof NotCanonical)) throw error;
    }
  }
  throw new ReceiptInvalid("The receipt was changed, or another program has written it again");
}

function readSignatures(value: JsonObject, withMlDsa: boolean): Signature[] {
  if (value.signer === null) {
    demand(value.signature_b64 === null && !withMlDsa, "A signature without its signer, or the reverse");
    return [];
  }
  const algorithms: Algorithm[] = withMlDsa ? ["ML-DSA-65", "Ed25519"] : ["Ed25519"];
  return algorithms.map((algorithm) => {
    const { signer: name, field, size } = SIGNATURES[algorithm];
    const [signer, signature] = [value[name], bytesOf(value[field], size, size)];
    demand(typeof signer === "string" && THUMBPRINT.test(signer) && signature !== null, "The receipt has a malformed signature");
    return { algorithm, signer, value: signature, message: messageOf(value, algorithm) };
  });
}

function messageOf(value: JsonObject, algorithm: Algorithm): Bytes {
  const later = algorithm === "Ed25519" ? ["signature_b64"] : ["signature_b64", "signature_ml_dsa_65_b64"];
  const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !later.includes(name)));
  return concat(utf8("imageshield/v1/receipt"), Uint8Array.of(0), dumps(kept));
}

/** No simulator is credited with entropy, nothing with more than it has, and the system gave its part. */
function isSound({ key_id, source, raw, system }: JsonObject): boolean {
  if (typeof key_id !== "string" || !/^key_[0-9a-f]{32}$/.test(key_id)) return false;
  if (!isObject(system) || typeof system.bits !== "number" || system.bits < SYSTEM_BITS) return false;
  if (!isObject(raw)) return true;
  const [bits, credited] = [Number(raw.bits ?? 0), Number(raw.credited_bits ?? 0)];
  return credited <= bits && !(isObject(source) && source.kind === "simulated" && credited > 0);
}

/** Whether a receipt is about this very file, and of the key that the file names. */
export async function isAbout(receipt: Receipt, image: Bytes, front: { keyId: Bytes; tag: Bytes }): Promise<boolean> {
  const sameKey = receipt.keyId === `key_${toHex(front.keyId)}` && equal(receipt.tag, front.tag);
  return sameKey && toHex(await sha256(image)) === receipt.imageSha256;
}

function demand(holds: boolean, why: string): asserts holds {
  if (!holds) throw new ReceiptInvalid(why);
}
