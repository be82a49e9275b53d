/** Encryption with the format engine, from a file to a picture and its key file. */

import type { PaceOptions } from "../format/index.ts";
import { encryptImage } from "../format/encrypt.ts";
import { PublicKey } from "../format/recipients.ts";
import { passphraseWrap, recipientWrap, type Wrap } from "../format/wraps.ts";
import { FileTooLarge } from "../format/index.ts";
import { MAX_BYTES } from "../format/limits.ts";
import { toHex } from "../format/bytes.ts";
import { read } from "./decrypting.ts";
import type { EncryptedPicture, EncryptTask } from "./tasks.ts";

export async function encryptTask(task: EncryptTask, options: PaceOptions): Promise<EncryptedPicture> {
  if (task.picture.size > MAX_BYTES) throw new FileTooLarge("A picture has at most 50 MB");
  const { layout, regions, fileName } = task;
  const made = await encryptImage(await read(task.picture), { ...options, wraps: await wrapsOf(task), layout, regions, fileName });
  const { image, keyFile, keyId, warnings } = made;
  return { kind: "encrypted", image, keyFile, keyId: `key_${toHex(keyId)}`, layout: made.layout, warnings };
}

async function wrapsOf({ password, recipients }: EncryptTask): Promise<Wrap[]> {
  const wraps = recipients.map((text) => recipientWrap(PublicKey.parse(text)));
  return password === null ? wraps : [await passphraseWrap(password), ...wraps];
}
