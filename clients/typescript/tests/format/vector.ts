/** Runs the vectors of tests/vectors, as the README there says; it needs no file system, so a browser runs it as well. */

import { type Bytes, concat, fromBase64, fromHex, toBase64, toHex } from "../../src/format/bytes.ts";
import { dumps, dumpsIndented, type JsonObject } from "../../src/format/canonical.ts";
import { decrypt, type Decrypted } from "../../src/format/decrypt.ts";
import { FormatError } from "../../src/format/failures.ts";
import { hmacSha256, sha256 } from "../../src/format/primitives.ts";
import { SecretKey } from "../../src/format/recipients.ts";
import { deriveKeys } from "../../src/format/schedule.ts";

export interface Vector {
  readonly name: string;
  readonly lines: Readonly<Record<string, string | undefined>>;
  readonly file: Bytes;
}

/** The outcome in the words of a vector: what it expects, and the digests of what was released. */
export interface Outcome {
  readonly expect: string;
  readonly payload?: string;
  readonly file?: string;
}

export function readVector(name: string, data: Bytes): Vector {
  const end = data.findIndex((byte, i) => byte === 10 && data[i + 1] === 10);
  const lines = new TextDecoder().decode(data.subarray(0, end)).split("\n");
  const parted = lines.map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]);
  return { name, lines: Object.fromEntries(parted) as Vector["lines"], file: data.slice(end + 2) };
}

/** Runs a vector; `images` finds the vector of a name without suffix. */
export async function run(vector: Vector, images: (name: string) => Vector): Promise<Outcome> {
  try {
    const decrypted = await decryptVector(vector, images);
    const [payload, file] = [await sha256(decrypted.samples), await sha256(decrypted.file)];
    return { expect: "success", payload: toHex(payload), file: toHex(file) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { expect: error.failure ?? error.code };
  }
}

/** What the vector itself says of its outcome; `file` only where it has that line. */
export function expected(vector: Vector): Outcome {
  const { expect = "", payload, file } = vector.lines;
  return { expect, ...(payload === undefined ? {} : { payload }), ...(file === undefined ? {} : { file }) };
}

export async function decryptVector(vector: Vector, images: (name: string) => Vector): Promise<Decrypted> {
  const { passphrase, identity, image } = vector.lines;
  const secrets = { passphrase, secretKeys: identity === undefined ? [] : [SecretKey.parse(identity)] };
  if (image === undefined) {
    const [keyFile, material, header] = [await keyFileOf(vector), materialOf(vector), headerOf(vector)];
    return decrypt({ image: vector.file, keyFile, material, secrets, header });
  }
  const of = images(image);
  return decrypt({ image: of.file, keyFile: vector.file, material: materialOf(of), secrets });
}

/** A plain key file for an image; where it has no qsIS, the key file is not looked at. */
export async function keyFileOf(vector: Vector): Promise<Bytes> {
  const { lines } = vector;
  const { purity = "balanced", material, statement } = lines;
  const fileKey = fromHex(lines["file key"] ?? "") ?? new Uint8Array(32);
  const [keyId, nonce] = idAndNonce(headerOf(vector) ?? ownChunkOf(vector.file));
  const keys = deriveKeys(fileKey, nonce);
  const value: JsonObject = {
    format: "imageshield-key-file",
    version: 1,
    key_id: `key_${toHex(keyId)}`,
    created: "2000-01-01T00:00:00Z",
    purity,
    nonce_b64: toBase64(nonce),
    commitment_b64: toBase64(keys.commitment),
    stanzas: [{ type: "plain", file_key_b64: toBase64(fileKey) }],
    statement_sha256: statement ?? "",
    ...(purity === "multistage" && material !== undefined ? { material_b64: material } : {}),
  };
  return dumpsIndented({ ...value, mac_b64: toBase64(await hmacSha256(keys.keyFile, dumps(value))) });
}

function idAndNonce(header: Bytes): [Bytes, Bytes] {
  const padded = concat(header, new Uint8Array(50));
  return [padded.slice(10, 26), padded.slice(26, 50)];
}

function ownChunkOf(png: Bytes): Bytes {
  const at = png.findIndex((_, i) => String.fromCharCode(...png.subarray(i, i + 4)) === "qsIS");
  return at < 0 ? new Uint8Array() : png.subarray(at + 4, at + 54);
}

/** Of `detached/`: header ‖ tag of the encrypted image. */
function headerOf({ lines }: Vector): Bytes | null {
  return lines.header === undefined ? null : fromBase64(lines.header);
}

function materialOf({ lines }: Vector): Bytes | null {
  return lines.purity === "maximum" && lines.material !== undefined ? fromBase64(lines.material) : null;
}
