/** Decryption with the format engine, from files to a file. */

import { decrypt, FileTooLarge, HeaderInvalid, KeyFileInvalid, SecretKey, type PaceOptions, type Secrets } from "../format/index.ts";
import { MAX_ENCRYPTED_BYTES, MAX_KEY_FILE_BYTES, MAX_MATERIAL_BYTES, MAX_METADATA } from "../format/limits.ts";
import type { DecryptedPicture, DecryptTask } from "./tasks.ts";

/** Decrypt the picture of a task. Nothing is read of files that are too large. */
export async function decryptTask(task: DecryptTask, options: PaceOptions): Promise<DecryptedPicture> {
  refuseLarge(task);
  const [image, keyFile, material, header] = await Promise.all([
    read(task.picture),
    read(task.keyFile),
    task.material && read(task.material),
    task.header && read(task.header),
  ]);
  const sealed = { image, keyFile, material, header, secrets: secretsOf(task) };
  const opened = await decrypt(sealed, { ...options, consume: true });
  const { file, fileName, mediaType, isIdentical, layout, purity, keyId, jobId } = opened;
  return { kind: "decrypted", file, fileName, mediaType, isIdentical, layout, purity, keyId, jobId };
}

/** Read the bytes of a file. */
export async function read(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}

function refuseLarge({ picture, keyFile, material, header }: DecryptTask): void {
  if (picture.size > MAX_ENCRYPTED_BYTES) throw new FileTooLarge("An encrypted picture has at most 112 MB");
  if (keyFile.size > MAX_KEY_FILE_BYTES) throw new KeyFileInvalid("A key file has at most 1 MiB");
  if (material !== null && material.size > MAX_MATERIAL_BYTES) throw new FileTooLarge("A material file has at most 320 MB");
  if (header !== null && header.size > 2 * MAX_METADATA) throw new HeaderInvalid("A header file has at most 8 MiB");
}

function secretsOf({ password, identity }: DecryptTask): Secrets {
  const lines = (identity ?? "").split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return { passphrase: password === null || password === "" ? undefined : password, secretKeys: keys.map((line) => SecretKey.parse(line)) };
}
