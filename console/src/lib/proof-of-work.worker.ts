import { solve, type Challenge } from "@imageshield/client/proof-of-work";

onmessage = ({ data }: MessageEvent<Challenge>) => {
  // What fails here is an error of the worker, which the page hears.
  solve(data).then(postMessage, (error: unknown) => { setTimeout(() => { throw error; }); });
};
