/** The engine in a worker of the test page. */

import { fromBase64 } from "../../src/format/bytes.ts";
import { decrypt } from "../../src/format/decrypt.ts";
import type { Progress } from "../../src/format/pace.ts";
import { readVector, run, type Vector } from "../format/vector.ts";
import type { Task, TimeTask, Timing, VectorsTask } from "./tasks.ts";

const page = globalThis as unknown as DedicatedWorkerGlobalScope;

page.onmessage = ({ data }: MessageEvent<Task>) => {
  const value = data.kind === "vectors" ? runVectors(data) : time(data);
  value.then(
    (found: unknown) => { page.postMessage({ value: found }); },
    (error: unknown) => { page.postMessage({ error: String(error) }); },
  );
};

/** The outcomes of all vectors, by folder and name. */
async function runVectors({ vectors }: VectorsTask): Promise<unknown> {
  const images = new Map(readAll(vectors.images).map((vector) => [vector.name, vector]));
  const outcomes: Record<string, unknown> = {};
  for (const [folder, encoded] of Object.entries(vectors)) {
    for (const vector of readAll(encoded)) {
      outcomes[`${folder}/${vector.name}`] = await run(vector, (name) => images.get(name) ?? vector);
    }
  }
  return outcomes;
}

function readAll(encoded: Record<string, string>): Vector[] {
  return Object.entries(encoded).map(([name, data]) => readVector(name, fromBase64(data) ?? new Uint8Array()));
}

async function time({ image, keyFile }: TimeTask): Promise<Timing> {
  const sealed = { image: await read(image), keyFile: await read(keyFile) };
  const ends: Record<string, number> = {};
  const begin = performance.now();
  const onProgress = ({ stage }: Progress) => { ends[stage] = performance.now() - begin; };
  const { samples } = await decrypt(sealed, { onProgress, consume: true });
  return { ms: performance.now() - begin, ends, samples: samples.length };
}

async function read(address: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(address)).arrayBuffer());
}
