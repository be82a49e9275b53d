/** The ways to put a file key into a key file that a client writes (docs/reference/format.md, "Stanzas"). */

import { type Bytes, toBase64 } from "./bytes.ts";
import type { JsonObject } from "./canonical.ts";
import { aadOf, checkNewPassphrase, deriveWrapKey, type Kdf, newKdf } from "./passphrase.ts";
import { GCM_NONCE, GcmKey } from "./primitives.ts";
import type { PublicKey } from "./recipients.ts";

/** Makes the stanza of a file key, bound to the key id. */
export type Wrap = (fileKey: Bytes, keyId: Bytes) => Promise<JsonObject>;

/**
 * Under a passphrase of 12 to 1024 bytes; throws PassphraseUnfit for any other.
 *
 * @param kdf algorithm and cost with a new salt, used for this wrap alone: the nonce of the body is zero
 */
export async function passphraseWrap(passphrase: string, kdf: Kdf = newKdf()): Promise<Wrap> {
  checkNewPassphrase(passphrase);
  const key = await GcmKey.of(await deriveWrapKey(passphrase, kdf));
  return async (fileKey, keyId) => {
    const body = await key.encrypt(new Uint8Array(GCM_NONCE), fileKey, aadOf(kdf, keyId));
    return { type: "passphrase", kdf, body_b64: toBase64(body) };
  };
}

/** For the holder of a recipient's secret key. */
export function recipientWrap(publicKey: PublicKey): Wrap {
  return (fileKey, keyId) => publicKey.wrap(fileKey, keyId);
}
