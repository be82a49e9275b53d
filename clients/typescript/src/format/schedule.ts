/** The keys of an image, derived from its file key and nonce (docs/reference/format.md, "Keys"). */

import { type Bytes, concat, u32, utf8 } from "./bytes.ts";
import { hkdfExpand, hkdfExtract } from "./primitives.ts";

export const FILE_KEY_SIZE = 32;
export const NONCE_SIZE = 24;

/** Labels of the format that this package derives keys under; no key serves two purposes. */
export const LABELS = {
  fileKey: utf8("imageshield/v1/file-key"),
  stream: utf8("imageshield/v1/stream"),
  permutation: utf8("imageshield/v1/permutation"),
  metadata: utf8("imageshield/v1/metadata"),
  mac: utf8("imageshield/v1/mac"),
  material: utf8("imageshield/v1/material"),
  keyFile: utf8("imageshield/v1/key-file"),
  commitment: utf8("imageshield/v1/commitment"),
  segment: utf8("imageshield/v1/segment"),
  passphrase: utf8("imageshield/v1/passphrase"),
  recipient: utf8("imageshield/v1/recipient"),
  entropy: utf8("imageshield/v1/entropy"),
  clientSeed: utf8("imageshield/v1/client-seed"),
} as const;

export interface Keys {
  readonly stream: Bytes;
  readonly permutation: Bytes;
  readonly metadata: Bytes;
  readonly mac: Bytes;
  readonly material: Bytes;
  readonly keyFile: Bytes;
  readonly commitment: Bytes;
}

export function deriveKeys(fileKey: Bytes, nonce: Bytes): Keys {
  const prk = hkdfExtract(fileKey, nonce);
  const derive = (label: Bytes) => hkdfExpand(prk, label, 32);
  return {
    stream: derive(LABELS.stream),
    permutation: derive(LABELS.permutation),
    metadata: derive(LABELS.metadata),
    mac: derive(LABELS.mac),
    material: derive(LABELS.material),
    keyFile: derive(LABELS.keyFile),
    commitment: derive(LABELS.commitment),
  };
}

/** The key of one mebibyte of a payload of the purity `multistage`. */
export function segmentKey(streamKey: Bytes, seed: Bytes, index: number): Bytes {
  return hkdfExpand(hkdfExtract(concat(streamKey, seed)), concat(LABELS.segment, u32(index)), 32);
}
