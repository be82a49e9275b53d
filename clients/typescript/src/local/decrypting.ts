/** Decryption with the format engine, from files to a file. */

import { decrypt, FileTooLarge, KeyFileInvalid, SecretKey, type PaceOptions, type Secrets } from "../format/index.ts";
import { MAX_ENCRYPTED_BYTES, MAX_KEY_FILE_BYTES, MAX_MATERIAL_BYTES } from "../format/limits.ts";
import type { DecryptedPicture, DecryptTask } from "./tasks.ts";

/** Decrypt the picture of a task. Nothing is read of files that are too large. */
export async function decryptTask(task: DecryptTask, options: PaceOptions): Promise<DecryptedPicture> {
  refuseAbove(MAX_ENCRYPTED_BYTES, task.picture, "An encrypted picture has at most 112 MB");
  refuseAbove(MAX_MATERIAL_BYTES, task.material, "A material file has at most 320 MB");
  if (task.keyFile.size > MAX_KEY_FILE_BYTES) throw new KeyFileInvalid("A key file has at most 1 MiB");
  const [image, keyFile, material] = await Promise.all([read(task.picture), read(task.keyFile), task.material && read(task.material)]);
  const opened = await decrypt({ image, keyFile, material, secrets: secretsOf(task) }, { ...options, consume: true });
  const { file, fileName, mediaType, isIdentical, layout, purity, keyId, jobId } = opened;
  return { kind: "decrypted", file, fileName, mediaType, isIdentical, layout, purity, keyId, jobId };
}

/** Read the bytes of a file. */
export async function read(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}

function refuseAbove(limit: number, file: Blob | null, why: string): void {
  if (file !== null && file.size > limit) throw new FileTooLarge(why);
}

function secretsOf({ password, identity }: DecryptTask): Secrets {
  const lines = (identity ?? "").split("\n").map((line) => line.trim());
  const keys = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return { passphrase: password === null || password === "" ? undefined : password, secretKeys: keys.map((line) => SecretKey.parse(line)) };
}
