/** The engine in a worker of the test page: runs vectors, and times decryptions. */

import { decrypt } from "../../src/format/decrypt.ts";
import { readVector, run, type Vector } from "../format/vector.ts";
import type { Call, Timing } from "./page.ts";

async function read(address: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(address)).arrayBuffer());
}

async function runVectors(images: Record<string, string>, vectors: Record<string, string>) {
  const known = new Map<string, Vector>();
  for (const [name, address] of Object.entries(images)) known.set(name, readVector(name, await read(address)));
  const outcomes: Record<string, unknown> = {};
  for (const [name, address] of Object.entries(vectors)) {
    const vector = known.get(name) ?? readVector(name, await read(address));
    outcomes[name] = await run(vector, (image) => known.get(image) ?? vector);
  }
  return outcomes;
}

async function time(image: string, keyFile: string): Promise<Timing> {
  const sealed = { image: await read(image), keyFile: await read(keyFile) };
  const begin = performance.now();
  const ends: Record<string, number> = {};
  const onProgress = ({ stage }: { stage: string }) => {
    ends[stage] = performance.now() - begin;
  };
  const { isIdentical, samples } = await decrypt(sealed, { onProgress, consume: true });
  return { ms: performance.now() - begin, ends, isIdentical, bytes: samples.length };
}

globalThis.addEventListener("message", ({ data }: MessageEvent<Call>) => {
  const answer = data.call === "run" ? runVectors(data.images, data.vectors) : time(data.image, data.keyFile);
  answer.then(
    (value) => { postMessage({ value }); },
    (error: unknown) => { postMessage({ error: String(error) }); },
  );
});
