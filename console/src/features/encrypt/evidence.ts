import type { Job } from "@imageshield/client";
import { checkSignatures, FormatError, isAbout, parseReceipt, readFront, readReceiptKeys, type Facts, type Receipt, type SignatureResult } from "@imageshield/client/format";
import { localObstacle } from "@imageshield/client/local";
import { useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";
import { sizeOf } from "@/lib/costs.ts";

/** What this browser has found out about a receipt. */
export type Check =
  | { state: "checked"; receipt: Receipt; signature: SignatureResult; isAboutImage: boolean }
  /** It is no receipt, or no longer one. */
  | { state: "unreadable"; why: string }
  /** The browser offers no cryptography to this page. */
  | { state: "impossible" };

/** The encrypted picture as it was fetched, and what its receipt is worth. */
export interface Evidence {
  image: Blob;
  name: string | null;
  check: Check;
}

/** Above this, the picture is fetched only when asked for. */
const UNASKED_BYTES = 40_000_000;

export function isLarge({ image, layout }: Job): boolean {
  if (!image) return false;
  const facts = { ...image, bitDepth: null, width: image.width ?? 0, height: image.height ?? 0 } as unknown as Facts;
  return (sizeOf(layout === "pixels" ? "pixels" : "file", { facts, bytes: image.bytes }) ?? Infinity) > UNASKED_BYTES;
}

/** Fetch the encrypted picture and its receipt, and check one against the other and against the service's keys. */
export function useEvidence(job: Job, on: boolean) {
  return useQuery({
    queryKey: ["evidence", job.job_id],
    queryFn: ({ signal }) => gather(job.job_id, signal),
    enabled: on && job.result_url !== null,
    staleTime: Infinity,
    gcTime: 60_000,
  });
}

async function gather(id: string, signal: AbortSignal): Promise<Evidence> {
  const { blob: image, name } = await client.jobs.result(id, { signal });
  return { image, name, check: localObstacle() === null ? await checkReceipt(id, image, signal) : { state: "impossible" } };
}

async function checkReceipt(id: string, image: Blob, signal: AbortSignal): Promise<Check> {
  const [file, keys] = await Promise.all([client.jobs.receipt(id, { signal }), client.api.GET("/.well-known/jwks.json", { signal })]);
  try {
    const [data, receipt] = [await bytesOf(image), await parseReceipt(await bytesOf(file.blob))];
    const { header, tag } = readFront(data);
    const signature = await checkSignatures(receipt, await readReceiptKeys(keys.data));
    return { state: "checked", receipt, signature, isAboutImage: await isAbout(receipt, data, { keyId: header.keyId, tag }) };
  } catch (error) {
    if (error instanceof FormatError) return { state: "unreadable", why: error.message };
    throw error;
  }
}

const bytesOf = async (blob: Blob): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await blob.arrayBuffer());

/** What the statement credits the system and the source with, in bits. */
export function creditedBits({ statement }: Receipt): { system: number; source: number; raw: number; kind: string; name: string } {
  const part = (name: string) => (statement[name] ?? {}) as Record<string, unknown>;
  const number = (value: unknown) => (typeof value === "number" ? value : 0);
  const { kind, name } = part("source");
  return { system: number(part("system").bits), source: number(part("raw").credited_bits), raw: number(part("raw").bits), kind: typeof kind === "string" ? kind : "", name: typeof name === "string" ? name : "" };
}
