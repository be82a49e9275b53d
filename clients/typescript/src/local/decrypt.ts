/** Decryption on this machine: nothing leaves it. */

import { run, type RunOptions } from "./running.ts";
import type { DecryptedPicture } from "./tasks.ts";

type Data = Blob | Uint8Array<ArrayBuffer>;

export interface LocalFiles {
  /** The encrypted image: unchanged, unless its `header` is given. */
  picture: Data;
  keyFile: Data;
  password?: string | undefined;
  /** The text of an identity: one secret key a line, as `imageshield keygen` writes them. */
  identity?: string | undefined;
  /** The `.qmat` file of an image of the purity `maximum`. */
  material?: Data | undefined;
  /** The header file (`.qhdr`) of a picture that another program has saved again; see `jobs.header`. */
  header?: Data | undefined;
}

/** A decrypted picture. */
export interface LocalPicture {
  blob: Blob;
  name: string;
  /** Whether the file is the original, byte for byte; of the layout `pixels` it may only have the same pixels. */
  isIdentical: boolean;
  layout: string;
  purity: string;
  key_id: string;
  job_id: string;
}

/** Decrypt a picture on this machine. Throws LocalFailure. */
export async function decryptLocally(files: LocalFiles, options: RunOptions = {}): Promise<LocalPicture> {
  const { picture, keyFile, password = null, identity = null, material = null, header = null } = files;
  const [image, key] = [blobOf(picture), blobOf(keyFile)];
  const more = { password, identity, material: material && blobOf(material), header: header && blobOf(header) };
  const outcome = (await run({ kind: "decrypt", picture: image, keyFile: key, ...more }, options)) as DecryptedPicture;
  const { file, mediaType, fileName, isIdentical, layout, purity, keyId, jobId } = outcome;
  return { blob: new Blob([file], { type: mediaType }), name: fileName, isIdentical, layout, purity, key_id: keyId, job_id: jobId };
}

/** A blob crosses to a worker without being copied. */
export function blobOf(data: Data): Blob {
  return data instanceof Blob ? data : new Blob([data]);
}
