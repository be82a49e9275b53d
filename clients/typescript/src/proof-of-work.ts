/** Solving of challenges (ALTCHA, version 2, PBKDF2). It computes for about a second: a page does it in a worker. */

import type { components } from "./api/schema.ts";

export type Challenge = components["schemas"]["Challenge"];

const ALGORITHM = "PBKDF2/SHA-256";

interface Parameters {
  algorithm: string;
  nonce: string;
  salt: string;
  cost: number;
  keyLength: number;
  keyPrefix: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Find the number whose key begins as demanded, and write the solution that a registration sends. */
export async function solve(challenge: Challenge): Promise<string> {
  const parameters = challenge.parameters as unknown as Parameters;
  if (parameters.algorithm !== ALGORITHM) throw new Error(`No solver for ${parameters.algorithm}`);
  const nonce = fromHex(parameters.nonce);
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  const derive = await deriver(parameters);
  for (let counter = 0; ; counter += 1) {
    new DataView(password.buffer).setUint32(nonce.length, counter);
    const derivedKey = toHex(await derive(password));
    if (derivedKey.startsWith(parameters.keyPrefix)) return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
  }
}

/** Pages over plain http have no WebCrypto; there the library computes, more slowly. */
async function deriver({ salt, cost, keyLength }: Parameters): Promise<(password: Bytes) => Promise<Uint8Array>> {
  const bytes = fromHex(salt);
  const { subtle } = globalThis.crypto as { subtle?: SubtleCrypto };
  if (subtle === undefined) {
    const [{ pbkdf2 }, { sha256 }] = await Promise.all([import("@noble/hashes/pbkdf2.js"), import("@noble/hashes/sha2.js")]);
    return (password) => Promise.resolve(pbkdf2(sha256, password, bytes, { c: cost, dkLen: keyLength }));
  }
  return async (password) => {
    const key = await subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    return new Uint8Array(await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: bytes, iterations: cost }, key, keyLength * 8));
  };
}

function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
