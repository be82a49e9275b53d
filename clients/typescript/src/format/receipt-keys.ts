/** The published keys that receipts are signed with, and what their signatures say (docs/reference/receipts.md, "Keys"). */

import { ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, fromBase64Url, toBase64Url } from "./bytes.ts";
import { dumps, isObject, type JsonObject, type JsonValue } from "./canonical.ts";
import { sha256 } from "./primitives.ts";
import { type Algorithm, type Receipt, ReceiptInvalid, type Signature } from "./receipt.ts";

interface Key {
  readonly algorithm: Algorithm;
  readonly data: Bytes;
}
export type ReceiptKeys = ReadonlyMap<string, Key>;

const PRIVATE = ["d", "priv", "k", "p", "q"];
const KINDS = {
  OKP: { algorithm: "Ed25519", algs: ["EdDSA", "Ed25519"], field: "x", size: 32, named: ["crv", "kty", "x"] },
  AKP: { algorithm: "ML-DSA-65", algs: ["ML-DSA-65"], field: "pub", size: 1952, named: ["alg", "kty", "pub"] },
} as const;

/** Reads the keys of receipts from a JWK set and passes over all others. A set with a private key in it is refused. */
export async function readReceiptKeys(set: unknown): Promise<ReceiptKeys> {
  const keys = isObject(set as JsonValue) ? (set as JsonObject).keys : null;
  if (!Array.isArray(keys)) throw new ReceiptInvalid("This is no set of keys");
  const objects = keys.filter((key) => isObject(key));
  if (objects.some((key) => PRIVATE.some((name) => name in key))) throw new ReceiptInvalid("The set holds a private key");
  const found = new Map<string, Key>();
  for (const key of objects) {
    const one = await readKey(key);
    if (one !== null) found.set(key.kid as string, one);
  }
  return found;
}

async function readKey(key: JsonObject): Promise<Key | null> {
  const kind = key.kty === "OKP" || key.kty === "AKP" ? KINDS[key.kty] : null;
  if (kind === null || key.use !== "sig" || key.imageshield_use !== "receipt") return null;
  if (!(kind.algs as readonly unknown[]).includes(key.alg) || (key.kty === "OKP" && key.crv !== "Ed25519")) return null;
  const text = key[kind.field];
  const data = typeof text === "string" ? fromBase64Url(text) : null;
  if (data?.length !== kind.size || key.kid !== (await thumbprint(key, kind.named))) return null;
  return { algorithm: kind.algorithm, data };
}

/** RFC 7638: the names are sorted, and their values need no escapes. */
async function thumbprint(key: JsonObject, names: readonly string[]): Promise<string> {
  const text = dumps(Object.fromEntries(names.map((name) => [name, key[name]])));
  return toBase64Url(await sha256(text));
}

/** `unknown`: no key of its signer is among the given ones, so nothing was checked. */
export type SignatureResult = "holds" | "fails" | "unknown" | "unsigned";

/** Checks every signature of a receipt. */
export async function checkSignatures({ signatures }: Receipt, keys: ReceiptKeys): Promise<SignatureResult> {
  if (signatures.length === 0) return "unsigned";
  const results = await Promise.all(signatures.map((signature) => check(signature, keys.get(signature.signer))));
  return results.find((result) => result === "fails") ?? results.find((result) => result === "unknown") ?? "holds";
}

async function check({ algorithm, value, message }: Signature, key: Key | undefined): Promise<SignatureResult> {
  if (key === undefined) return "unknown";
  if (key.algorithm !== algorithm) return "fails";
  const holds = algorithm === "Ed25519" ? ed25519.verify(value, message, key.data, { zip215: false }) : await verifyMlDsa(value, message, key.data);
  return holds ? "holds" : "fails";
}

/** Loaded only for receipts that have such a signature. */
async function verifyMlDsa(signature: Bytes, message: Bytes, key: Bytes): Promise<boolean> {
  const { ml_dsa65 } = await import("@noble/post-quantum/ml-dsa.js");
  return ml_dsa65.verify(signature, message, key);
}
