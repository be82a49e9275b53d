/** The tasks of a worker, and what it reports. */

import type { Region } from "../service/types.ts";
import type { Fault } from "./failures.ts";

export interface DecryptTask {
  kind: "decrypt";
  picture: Blob;
  keyFile: Blob;
  password: string | null;
  identity: string | null;
  material: Blob | null;
  header: Blob | null;
}

export interface EncryptTask {
  kind: "encrypt";
  picture: Blob;
  fileName: string | null;
  password: string | null;
  recipients: readonly string[];
  layout: "auto" | "pixels" | "file";
  regions: readonly Region[];
}

export type Task = DecryptTask | EncryptTask;

export interface DecryptedPicture {
  kind: "decrypted";
  file: Uint8Array<ArrayBuffer>;
  fileName: string;
  mediaType: string;
  isIdentical: boolean;
  layout: string;
  purity: string;
  keyId: string;
  jobId: string;
}

export interface EncryptedPicture {
  kind: "encrypted";
  image: Uint8Array<ArrayBuffer>;
  keyFile: Uint8Array<ArrayBuffer>;
  keyId: string;
  layout: string;
  warnings: readonly string[];
}

export type Outcome = DecryptedPicture | EncryptedPicture;

/** `done` and `total` are in bytes; `total` is 0 where a stage has no measure. */
export interface Step {
  stage: string;
  done: number;
  total: number;
}

export type Report = { step: Step } | { outcome: Outcome } | { fault: Fault };
