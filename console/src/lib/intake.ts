import { examine, FormatError, FRONT_BYTES, nameOf, parseFront, parseKeyFile, readFront, recognize, restoreKeyFile, type Bytes, type Facts, type Front, type KeyFile } from "@imageshield/client/format";
import { bytes } from "@/lib/format.ts";
import { explainCode, type Explanation, type Words } from "@/lib/problems.ts";

/** The limits of the service (docs/reference/api.md, "Limits of one request"). */
export const MAX_PICTURE_BYTES = 50_000_000;
export const MAX_ENCRYPTED_BYTES = 112_000_000;
export const MAX_DECODED_PIXELS = 25_000_000;

/** What a chosen file is, by its content. */
export type Look =
  | { kind: "picture"; file: File; facts: Facts }
  | { kind: "encrypted"; file: File; front: Front }
  | { kind: "key-file"; file: File; keyFile: KeyFile; restored?: boolean }
  | { kind: "header"; file: File; front: Front }
  | { kind: "material" | "identity" | "recipient"; file: File }
  | { kind: "refused"; file: File; why: Explanation; wanted?: Wanted };

/** What a file that is refused has been, by its beginning. */
export type Wanted = "encrypted" | "key-file" | "header";

/**
 * Look at a file that may be anything. Only a picture is read whole, since its structure may be anywhere in it; it may
 * have `most` bytes.
 */
export async function look(file: File, most = MAX_PICTURE_BYTES): Promise<Look> {
  try {
    return await lookInside(file, most);
  } catch (error) {
    return { kind: "refused", file, why: whyNot(error) };
  }
}

async function lookInside(file: File, most: number): Promise<Look> {
  const start = await bytesOf(file.slice(0, FRONT_BYTES));
  if (nameOf(start)?.kind === "the header of an encrypted image") return orRefused(file, "header", () => ({ kind: "header", file, front: parseFront(start) }));
  switch (recognize(start)) {
    case "encrypted image":
      if (file.size > MAX_ENCRYPTED_BYTES) return { kind: "refused", file, why: { ...tooLarge(file.size, MAX_ENCRYPTED_BYTES), remedy: "No encrypted picture is that large: something was added to it." }, wanted: "encrypted" };
      return orRefused(file, "encrypted", () => ({ kind: "encrypted", file, front: readFront(start) }));
    case "key file":
      return orRefused(file, "key-file", () => keyFileIn(file, start));
    case "material":
      return { kind: "material", file };
    case "identity":
      return { kind: "identity", file };
    case "recipient key":
      return { kind: "recipient", file };
    default:
      return lookAtPicture(file, most);
  }
}

/** Our own files, which may have been changed since they were written. */
function orRefused(file: File, wanted: Wanted, read: () => Look): Look {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FormatError) || error.code === "later-version") return { kind: "refused", file, why: whyNot(error), wanted };
    return { kind: "refused", file, why: { ...whyNot(error), ...CHANGED[wanted] }, wanted };
  }
}

const UNCHANGED = "Choose an unchanged copy. If this one is unchanged, a later release wrote it: this one is too old for it.";
const CHANGED: Record<Wanted, Words> = {
  encrypted: { sentence: "The header of this encrypted picture was changed.", remedy: UNCHANGED },
  header: { sentence: "This header was changed.", remedy: UNCHANGED },
  "key-file": { sentence: "This key file was changed.", remedy: UNCHANGED },
};

/** A key file; one that was saved with other line ends or spaces is read as it was written. */
function keyFileIn(file: File, data: Bytes): Look {
  const canonical = restoreKeyFile(data);
  const restored = canonical !== null && (canonical.length !== data.length || canonical.some((byte, index) => byte !== data[index]));
  return restored ? { kind: "key-file", file: new File([canonical], file.name, { type: file.type }), keyFile: parseKeyFile(canonical), restored } : { kind: "key-file", file, keyFile: parseKeyFile(data) };
}

async function lookAtPicture(file: File, most: number): Promise<Look> {
  if (file.size > most) return { kind: "refused", file, why: tooLarge(file.size, most) };
  return { kind: "picture", file, facts: examine(await bytesOf(file)) };
}

export const tooLarge = (size: number, most = MAX_PICTURE_BYTES): Explanation => ({
  ...explainCode("file-too-large"),
  sentence: `This file is ${bytes(size)}. The limit is ${bytes(most)}.`,
  remedy: "Save the picture smaller, or compress it without loss.",
});

function whyNot(error: unknown): Explanation {
  if (error instanceof FormatError) {
    const known = explainCode(error.code, error.message);
    return known.remedy ? known : { ...known, remedy: "" };
  }
  // The file was moved, or the folder it came from cannot be read.
  return { sentence: "The file cannot be read.", remedy: "It may have been moved or changed since it was chosen. Choose it again." };
}

const bytesOf = async (blob: Blob): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await blob.arrayBuffer());
