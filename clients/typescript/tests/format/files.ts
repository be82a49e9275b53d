/** The vectors of the repository, from the file system. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Bytes } from "../../src/format/bytes.ts";
import { readVector, type Vector } from "./vector.ts";

const VECTORS = join(import.meta.dirname, "../../../../tests/vectors");

export function readVectors(folder: "images" | "key_files" | "detached"): Vector[] {
  const names = readdirSync(join(VECTORS, folder)).filter((name) => name.endsWith(".vector"));
  return names.sort().map((name) => readVector(name.replace(/\.vector$/, ""), readBytes(folder, name)));
}

export function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(VECTORS, name), "utf8"));
}

function readBytes(...path: string[]): Bytes {
  return new Uint8Array(readFileSync(join(VECTORS, ...path)));
}
