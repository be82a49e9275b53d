import type { Challenge, Client, Setup } from "@imageshield/client";

/** The solved challenge of a registration, where the installation asks for one; computed beside the page. */
export async function proofOfWork(client: Client, setup: Setup | null | undefined): Promise<{ proof_of_work?: string }> {
  if (setup?.proof_of_work === false) return {};
  return { proof_of_work: await solveBeside(await client.accounts.challenge()) };
}

function solveBeside(challenge: Challenge): Promise<string> {
  const worker = new Worker(new URL("./proof-of-work.worker.ts", import.meta.url), { type: "module" });
  return new Promise<string>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => { resolve(data); };
    worker.onerror = () => { reject(new Error("the proof of work could not be computed")); };
    worker.postMessage(challenge);
  }).finally(() => { worker.terminate(); });
}
