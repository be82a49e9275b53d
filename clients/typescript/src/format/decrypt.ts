/** Decryption of an encrypted image: the normative order of steps (docs/reference/format.md, "Decryption"). */

import { type Bytes, equal, fromHex, toHex } from "./bytes.ts";
import { type Container, findHeader, readContainer } from "./container.ts";
import { readDetached, survey } from "./detached.ts";
import { CommitmentMismatch, MacMismatch, PayloadInvalid } from "./failures.ts";
import { unframe } from "./framing.ts";
import type { Header, Layout, Purity } from "./header.ts";
import { type KeyFile, parseKeyFile, verifyKeyFile } from "./keyfile.ts";
import { materialOf, openStreams, verifyMaterial } from "./material.ts";
import { MEDIA_TYPES, mediaTypeOf } from "./media-types.ts";
import { beginsAs, type Metadata, openMetadata, readSource } from "./metadata.ts";
import { harmlessName, withSuffixOf } from "./names.ts";
import { Pace, type PaceOptions } from "./pace.ts";
import { unpermute } from "./permutation.ts";
import { pixelBytes, type Source } from "./picture.ts";
import { hmacSha256, sha256 } from "./primitives.ts";
import { rebuild } from "./rebuild/index.ts";
import { putPixels, takePixels } from "./regions.ts";
import type { Keys } from "./schedule.ts";
import { openStanzas, type Secrets } from "./stanzas.ts";

/** The files that a decryption takes; a stanza `plain` needs no secret. */
export interface Sealed {
  readonly image: Bytes;
  readonly keyFile: Bytes;
  readonly secrets?: Secrets | undefined;
  /** The `.qmat` file of the purity `maximum`; ignored for the others. */
  readonly material?: Bytes | null | undefined;
  /** Header ‖ tag, the data of qsIS (`.qhdr`): they are then taken from here, and the image may be saved again. */
  readonly header?: Bytes | null | undefined;
}

export interface DecryptOptions extends PaceOptions {
  /** Gives up the memory of the image once it has been read: its buffer is detached. */
  readonly consume?: boolean | undefined;
}

export interface Decrypted {
  readonly file: Bytes;
  /** Harmless, not empty, with a suffix of the file's type. */
  readonly fileName: string;
  readonly mediaType: string;
  /** Whether the file is the original, byte for byte; of `pixels` it may only have the same pixels. */
  readonly isIdentical: boolean;
  /** The samples of the whole picture; with the layout `file` its payload. */
  readonly samples: Bytes;
  readonly layout: Layout;
  readonly purity: Purity;
  /** `key_` and 32 hexadecimal digits. */
  readonly keyId: string;
  readonly jobId: string;
  readonly statementSha256: string;
}

/** Decrypts an image. Nothing is released unless all of it is authentic and the last step has passed. */
export async function decrypt(sealed: Sealed, options: DecryptOptions = {}): Promise<Decrypted> {
  const pace = new Pace(options);
  await pace.begin("validating", sealed.image.length);
  const { keyFile, container } = sealed.header ? await readSaved(sealed, sealed.header, pace) : await read(sealed, pace);
  if (options.consume) detach(sealed.image);
  const { header } = container;
  const material = materialOf(header, keyFile, sealed.material ?? null); // 5a
  await pace.begin("unlocking");
  const keys = await unlock(keyFile, header, sealed.secrets ?? {}); // 6, 7, 8, 9
  await pace.begin("verifying");
  await verifyTag(container, keys); // 10
  await verifyMaterial(header, material); // 10a
  const metadata = await openMetadata(header, keyFile, keys.metadata); // 11
  const samples = await decryptSamples(container, keys, material, metadata.payloadSha256, pace); // 12, 13
  return restore(header, samples, metadata);
}

/** Steps 1 to 5. */
async function read({ image, keyFile }: Sealed, pace: Pace): Promise<{ keyFile: KeyFile; container: Container }> {
  findHeader(image);
  return { keyFile: parseKeyFile(keyFile), container: await readContainer(image, pace) };
}

/** Steps 1 to 5b of Detached decryption. */
async function readSaved({ image, keyFile }: Sealed, front: Bytes, pace: Pace): Promise<{ keyFile: KeyFile; container: Container }> {
  const walk = survey(image);
  return { keyFile: parseKeyFile(keyFile), container: await readDetached(walk, front, pace) };
}

async function unlock(keyFile: KeyFile, header: Header, secrets: Secrets): Promise<Keys> {
  const fileKey = await openStanzas(keyFile.stanzas, keyFile.keyId, secrets);
  const keys = await verifyKeyFile(keyFile, fileKey);
  const isOfImage =
    equal(header.commitment, keyFile.commitment) && equal(header.nonce, keyFile.nonce) && equal(header.keyId, keyFile.keyId);
  if (!isOfImage) throw new CommitmentMismatch("The key file is of another image");
  return keys;
}

async function verifyTag({ authenticated, tag }: Container, keys: Keys): Promise<void> {
  if (!equal(await hmacSha256(keys.mac, authenticated), tag)) throw new MacMismatch("The encrypted image was changed");
}

/** The samples of the whole picture, in the memory of the container if it has regions. */
async function decryptSamples(container: Container, keys: Keys, material: Bytes, digest: string, pace: Pace): Promise<Bytes> {
  const { header, samples } = container;
  if (header.regions.length === 0) return decryptPayload(samples, header, keys, material, digest, pace);
  const picture = { ...header, samples };
  const inside = takePixels(picture, header.regions);
  putPixels(picture, await decryptPayload(inside, header, keys, material, digest, pace), header.regions);
  return samples;
}

/** Undoes permutation and stream. Nothing else holds the payload of a whole picture then, so its memory is free early. */
async function decryptPayload(
  payload: Bytes,
  header: Header,
  keys: Keys,
  material: Bytes,
  digest: string,
  pace: Pace,
): Promise<Bytes> {
  const size = pixelBytes(header);
  await pace.begin("decrypting", 3 * payload.length);
  const streams = await openStreams(header, keys, material, { bytes: payload.length, pixels: payload.length / size });
  const samples = await unpermute(payload, size, streams, pace);
  await streams.xorPayload(samples, pace);
  streams.finish();
  await expectDigest(samples, digest, "The samples are not those that were encrypted");
  return samples;
}

async function restore(header: Header, samples: Bytes, metadata: Metadata): Promise<Decrypted> {
  const source = readSource(metadata.source, header);
  const isFile = header.layout === "file";
  const { file, mediaType } = isFile
    ? { file: await restoreFile(header, samples, source, metadata), mediaType: mediaTypeOf(source) }
    : restorePixels(header, samples, source);
  return {
    file,
    fileName: withSuffixOf(harmlessName(source.file_name), mediaType),
    mediaType,
    isIdentical: isFile || toHex(await sha256(file)) === metadata.originalSha256,
    samples,
    layout: header.layout,
    purity: header.purity,
    keyId: `key_${toHex(header.keyId)}`,
    jobId: metadata.jobId,
    statementSha256: metadata.statementSha256,
  };
}

async function restoreFile(header: Header, samples: Bytes, source: Source, metadata: Metadata): Promise<Bytes> {
  const file = unframe(samples, header).slice(); // a view would carry its frame along
  await expectDigest(file, metadata.originalSha256, "The file is not the one that was encrypted");
  if (!beginsAs(file, source.format)) throw new PayloadInvalid("The file is not of the format that the metadata name");
  return file;
}

function restorePixels(header: Header, samples: Bytes, source: Source): { file: Bytes; mediaType: string } {
  if (source.rebuild === null) throw new PayloadInvalid("The metadata do not say how to rebuild the file");
  const { data, format } = rebuild({ ...header, samples }, source.rebuild);
  return { file: data, mediaType: MEDIA_TYPES[format] };
}

async function expectDigest(data: Bytes, hex: string, why: string): Promise<void> {
  const expected = fromHex(hex);
  if (expected === null || !equal(await sha256(data), expected)) throw new PayloadInvalid(why);
}

function detach(data: Bytes): void {
  structuredClone(data.buffer, { transfer: [data.buffer] });
}
