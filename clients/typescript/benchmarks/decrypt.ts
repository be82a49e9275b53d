/** Decrypts IMAGE with KEY_FILE once for each line of input, and answers each with milliseconds: a child of compare.py. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { decrypt } from "../src/format/decrypt.ts";

const [image, keyFile] = process.argv.slice(2).map((path) => new Uint8Array(readFileSync(path)));

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") break;
  const copy = image.slice();
  const begin = performance.now();
  const stages: Record<string, number> = {};
  const onProgress = ({ stage }: { stage: string }) => {
    stages[stage] = performance.now() - begin;
  };
  const { isIdentical, file } = await decrypt({ image: copy, keyFile }, { onProgress, consume: true });
  const ms = performance.now() - begin;
  console.log(JSON.stringify({ ms, isIdentical, bytes: file.length, stages, rss: process.memoryUsage.rss() }));
}
