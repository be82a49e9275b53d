/**
 * Encryption on the client's own machine, with the purity `balanced` (docs/reference/format.md, "Encryption"). Every call
 * draws a new file key and a new nonce; no function takes either.
 */

import { type Bytes, concat } from "./bytes.ts";
import { dumps, type JsonObject } from "./canonical.ts";
import { CHUNK_TYPE, coverOf } from "./container.ts";
import { LayoutNotExact } from "./failures.ts";
import { type Header, type Layout, packHeader } from "./header.ts";
import { buildPayload, type Payload, type Warning } from "./intake/payload.ts";
import { writeKeyFile } from "./keyfile-write.ts";
import { MAX_METADATA } from "./limits.ts";
import { Pace, type PaceOptions } from "./pace.ts";
import { permute } from "./permute.ts";
import { pixelBytes } from "./picture.ts";
import { writePng } from "./png-write.ts";
import { GCM_NONCE, GCM_TAG, GcmKey, hmacSha256 } from "./primitives.ts";
import { putPixels, type Region } from "./regions.ts";
import { deriveKeys, type Keys, NONCE_SIZE } from "./schedule.ts";
import { conditionSeed, fileKeyOf, OWN_BYTES } from "./seed.ts";
import { describeDrawing, digestOf, keyIdText } from "./statement.ts";
import { Streams } from "./streams.ts";
import type { Wrap } from "./wraps.ts";

export interface EncryptOptions extends PaceOptions {
  /** 1 to 20 ways to open the key file. */
  readonly wraps: readonly Wrap[];
  readonly layout?: Layout | "auto";
  /** The only parts to encrypt, in pixels as they are stored. */
  readonly regions?: readonly Region[];
  readonly fileName?: string | null;
  /** 16 bytes: of a reservation, else a new id. */
  readonly keyId?: Bytes;
  /** Names the attempt; without a job the key id does. */
  readonly jobId?: string;
  /** At most 1024 bytes of the server for the seed: provenance, never secrecy. */
  readonly serverBytes?: Bytes;
}

export interface EncryptedImage {
  readonly image: Bytes;
  readonly keyFile: Bytes;
  readonly keyId: Bytes;
  readonly layout: Layout;
  readonly layoutReason: string;
  readonly regions: readonly Region[];
  readonly warnings: readonly Warning[];
  /** The canonical bytes of the entropy statement, and their digest. */
  readonly statement: Bytes;
  readonly statementSha256: string;
}

const KEY_ID = 16;

interface Draw {
  readonly fileKey: Bytes;
  readonly nonce: Bytes;
  readonly keys: Keys;
  readonly statement: JsonObject;
  readonly statementSha256: string;
}

/**
 * Encrypts one file.
 *
 * @throws ImageError where the file is not accepted; KeyFileInvalid where stanzas exclude each other
 */
export async function encryptImage(data: Bytes, options: EncryptOptions): Promise<EncryptedImage> {
  const { layout = "auto", regions = [], fileName = null, keyId = newKeyId() } = options;
  if (keyId.length !== KEY_ID) throw new RangeError("A key id has 16 bytes");
  const pace = new Pace(options);
  await pace.begin("validating", data.length);
  const payload = await buildPayload(data, { layout, regions, fileName }, pace);
  const jobId = options.jobId ?? keyIdText(keyId);
  const draw = await drawKey(keyId, jobId, options.serverBytes);
  const keyFile = await writeKeyFile({ ...draw, keyId, wraps: options.wraps, created: new Date() });
  const image = await draft(payload, draw, keyId, jobId, pace);
  return {
    image,
    keyFile,
    keyId,
    layout: payload.layout,
    layoutReason: payload.reason,
    regions: payload.regions,
    warnings: payload.warnings,
    statement: dumps(draw.statement),
    statementSha256: draw.statementSha256,
  };
}

/** A UUIDv7 (RFC 9562, section 5.7). */
export function newKeyId(): Bytes {
  const id = crypto.getRandomValues(new Uint8Array(KEY_ID));
  const view = new DataView(id.buffer);
  const now = Date.now();
  view.setUint16(0, Math.floor(now / 2 ** 32));
  view.setUint32(2, now % 2 ** 32);
  id[6] = 0x70 | (id[6] & 0x0f);
  id[8] = 0x80 | (id[8] & 0x3f);
  return id;
}

async function drawKey(keyId: Bytes, jobId: string, server: Bytes = new Uint8Array()): Promise<Draw> {
  const startedAt = new Date();
  const own = crypto.getRandomValues(new Uint8Array(OWN_BYTES));
  const fileKey = fileKeyOf(conditionSeed(own, jobId, server));
  own.fill(0);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_SIZE));
  const statement = describeDrawing({ keyId, jobId, serverBytes: server.length, startedAt, finishedAt: new Date() });
  return { fileKey, nonce, keys: deriveKeys(fileKey, nonce), statement, statementSha256: await digestOf(statement) };
}

async function draft(payload: Payload, draw: Draw, keyId: Bytes, jobId: string, pace: Pace): Promise<Bytes> {
  const header = packHeader(await makeHeader(payload, draw, keyId, jobId));
  const { picture, pixels } = payload;
  const { samples, authenticated } = coverOf(header, picture.samples.length);
  await pace.begin("encrypting", 3 * pixels.length);
  await encryptPixels(payload, draw.keys, samples, pace);
  await pace.begin("authenticating", authenticated.length);
  const tag = await hmacSha256(draw.keys.mac, authenticated);
  return writePng({ ...picture, samples }, [{ type: CHUNK_TYPE, data: concat(header, tag) }]);
}

/** Encrypts the payload into `target`, the samples of the whole encrypted picture. */
async function encryptPixels({ picture, pixels, regions }: Payload, keys: Keys, target: Bytes, pace: Pace): Promise<void> {
  const streams = new Streams(keys);
  await streams.xorPayload(pixels, pace);
  if (regions.length === 0) {
    await permute(pixels, pixelBytes(picture), streams, target, pace);
    return;
  }
  const inside = new Uint8Array(pixels.length);
  await permute(pixels, pixelBytes(picture), streams, inside, pace);
  target.set(picture.samples);
  putPixels({ ...picture, samples: target }, inside, regions);
}

async function makeHeader(payload: Payload, { keys, nonce, statementSha256 }: Draw, keyId: Bytes, jobId: string): Promise<Header> {
  const about = dumps({
    version: 1,
    job_id: jobId,
    purity: "balanced",
    statement_sha256: statementSha256,
    ...payload.metadata,
  });
  if (about.length + GCM_TAG > MAX_METADATA) {
    throw new LayoutNotExact("What is kept of the file has more than 4 MiB; the layout `file` keeps it");
  }
  const metadata = await (await GcmKey.of(keys.metadata)).encrypt(new Uint8Array(GCM_NONCE), about);
  const { width, height, bitDepth, colorType } = payload.picture;
  const { version, layout, regions } = payload;
  const geometry = { width, height, bitDepth, colorType };
  const { commitment } = keys;
  return { ...geometry, version, layout, purity: "balanced", keyId, nonce, commitment, materialSha256: null, regions, metadata };
}
