/** Decrypts IMAGE with KEY_FILE once, and tells how many milliseconds it took: a child of compare.py. */

import { readFileSync } from "node:fs";
import { decrypt } from "../src/format/decrypt.ts";
import type { Progress } from "../src/format/pace.ts";

const [image, keyFile] = process.argv.slice(2).map((path) => new Uint8Array(readFileSync(path)));
const ends: Record<string, number> = {};
const [begin, before] = [performance.now(), process.cpuUsage()];
const onProgress = ({ stage }: Progress) => { ends[stage] = performance.now() - begin; };
const { samples } = await decrypt({ image, keyFile }, { onProgress, consume: true });
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ ms: performance.now() - begin, cpu: (user + system) / 1000, ends, samples: samples.length }));
