/**
 * The test page of the engine. Built with its vite.config.ts and served from anywhere, it offers to a driver:
 *
 * `await engine.run({name: address …}, {name: address …})`: the outcomes of vectors; the first of `images/`, to be found by name
 * `await engine.time(image, keyFile)`: milliseconds of a decryption, and the longest pause of the page meanwhile
 */

export type Call =
  | { readonly call: "run"; readonly images: Record<string, string>; readonly vectors: Record<string, string> }
  | { readonly call: "time"; readonly image: string; readonly keyFile: string };

export interface Timing {
  readonly ms: number;
  readonly ends: Record<string, number>;
  readonly isIdentical: boolean;
  readonly bytes: number;
}

const TICK_MS = 5;

function ask(call: Call): Promise<unknown> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<{ value?: unknown; error?: string }>) => {
      worker.terminate();
      if (data.error === undefined) resolve(data.value);
      else reject(new Error(data.error));
    };
    worker.onerror = (event) => { reject(new Error(event.message)); };
    worker.postMessage(call);
  });
}

function absolute(addresses: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(addresses).map(([name, address]) => [name, new URL(address, location.href).href]));
}

async function time(image: string, keyFile: string): Promise<unknown> {
  let longest = 0;
  let last = performance.now();
  const clock = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - TICK_MS);
    last = performance.now();
  }, TICK_MS);
  const paths = absolute({ image, keyFile });
  const timing = (await ask({ call: "time", image: paths.image, keyFile: paths.keyFile })) as Timing;
  clearInterval(clock);
  return { ...timing, longestPause: longest };
}

function run(images: Record<string, string>, vectors: Record<string, string>): Promise<unknown> {
  return ask({ call: "run", images: absolute(images), vectors: absolute(vectors) });
}

Object.assign(globalThis, { engine: { run, time } });
