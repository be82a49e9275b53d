import { examine, FormatError, FRONT_BYTES, nameOf, parseFront, parseKeyFile, readFront, recognize, type Facts, type Front, type KeyFile } from "@imageshield/client/format";
import { bytes } from "@/lib/format.ts";
import { explainCode, type Explanation } from "@/lib/problems.ts";

/** The limits of the service (docs/reference/api.md, "Limits of one request"). */
export const MAX_PICTURE_BYTES = 50_000_000;
export const MAX_ENCRYPTED_BYTES = 112_000_000;
export const MAX_DECODED_PIXELS = 25_000_000;

/** What a chosen file is, by its content. */
export type Look =
  | { kind: "picture"; file: File; facts: Facts }
  | { kind: "encrypted"; file: File; front: Front }
  | { kind: "key-file"; file: File; keyFile: KeyFile }
  | { kind: "header"; file: File; front: Front }
  | { kind: "material" | "identity" | "recipient"; file: File }
  | { kind: "refused"; file: File; why: Explanation };

/** Look at a file that may be anything. Only a picture is read whole, since its structure may be anywhere in it. */
export async function look(file: File): Promise<Look> {
  try {
    return await lookInside(file);
  } catch (error) {
    return { kind: "refused", file, why: whyNot(error) };
  }
}

async function lookInside(file: File): Promise<Look> {
  const start = await bytesOf(file.slice(0, FRONT_BYTES));
  if (nameOf(start)?.kind === "the header of an encrypted image") return { kind: "header", file, front: parseFront(start) };
  switch (recognize(start)) {
    case "encrypted image":
      return { kind: "encrypted", file, front: readFront(start) };
    case "key file":
      return { kind: "key-file", file, keyFile: parseKeyFile(start) };
    case "material":
      return { kind: "material", file };
    case "identity":
      return { kind: "identity", file };
    case "recipient key":
      return { kind: "recipient", file };
    default:
      return lookAtPicture(file);
  }
}

async function lookAtPicture(file: File): Promise<Look> {
  if (file.size > MAX_PICTURE_BYTES) return { kind: "refused", file, why: tooLarge(file.size) };
  return { kind: "picture", file, facts: examine(await bytesOf(file)) };
}

export const tooLarge = (size: number): Explanation => ({
  ...explainCode("file-too-large"),
  sentence: `This file is ${bytes(size)}. The limit is ${bytes(MAX_PICTURE_BYTES)}.`,
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
