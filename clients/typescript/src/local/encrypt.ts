/** Encryption on this machine, with the purity `balanced`. */

import type { Region } from "../service/types.ts";
import { blobOf } from "./decrypt.ts";
import { run, type RunOptions } from "./running.ts";
import type { EncryptedPicture } from "./tasks.ts";

export interface LocalEncryption extends RunOptions {
  /** The service does not take such pictures yet, so this may still change. */
  experimental: true;
  /** Kept in the picture; by default that of a `File`. */
  name?: string | undefined;
  /** Who can open the key file: with this password, with these public keys' secret keys, or either. */
  master_password?: string | undefined;
  recipients?: readonly string[] | undefined;
  layout?: "auto" | "pixels" | "file" | undefined;
  regions?: readonly Region[] | undefined;
}

export interface LocalEncrypted {
  image: Blob;
  keyFile: Blob;
  key_id: string;
  layout: string;
  warnings: readonly string[];
}

/** Encrypt a picture on this machine. Throws LocalFailure. */
export async function encryptLocally(picture: Blob | Uint8Array<ArrayBuffer>, options: LocalEncryption): Promise<LocalEncrypted> {
  const { master_password: password = null, recipients = [], layout = "auto", regions = [] } = options;
  if (password === null && recipients.length === 0) throw new TypeError("Give a master_password, recipients, or both");
  const file = blobOf(picture);
  const fileName = options.name ?? (file instanceof File ? file.name : null);
  const outcome = (await run({ kind: "encrypt", picture: file, fileName, password, recipients, layout, regions }, options)) as EncryptedPicture;
  const { image, keyFile, keyId, layout: chosen, warnings } = outcome;
  return { image: new Blob([image], { type: "image/png" }), keyFile: new Blob([keyFile], { type: "application/json" }), key_id: keyId, layout: chosen, warnings };
}
