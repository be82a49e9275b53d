import type { Job } from "@imageshield/client";
import { checkSignatures, isAbout, parseReceipt, readFront, readReceiptKeys, type Receipt, type SignatureResult } from "@imageshield/client/format";
import { useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";
import { sizeOf } from "@/lib/costs.ts";

/** The encrypted picture as it was fetched, and what its receipt is worth. */
export interface Evidence {
  image: Blob;
  name: string | null;
  width: number;
  height: number;
  receipt: Receipt;
  signature: SignatureResult;
  /** Whether it is about this very file, and of the key that the file names. */
  isAboutImage: boolean;
}

/** Above this, the picture is fetched only when asked for. */
const UNASKED_BYTES = 40_000_000;

export function isLarge(job: Job): boolean {
  const { image, layout } = job;
  if (!image) return false;
  const facts = { format: image.format, mode: image.mode, bitDepth: null, width: image.width ?? 0, height: image.height ?? 0 } as Parameters<typeof sizeOf>[1]["facts"];
  return (sizeOf(layout === "pixels" ? "pixels" : "file", { facts, bytes: image.bytes }) ?? Infinity) > UNASKED_BYTES;
}

/** Fetch the encrypted picture and its receipt, and check one against the other and against the service's keys. */
export function useEvidence(job: Job, on: boolean) {
  return useQuery({
    queryKey: ["evidence", job.job_id],
    queryFn: ({ signal }) => gather(job.job_id, signal),
    enabled: on && job.result_url !== null && job.receipt_url !== null,
    staleTime: Infinity,
    gcTime: 60_000,
  });
}

async function gather(id: string, signal: AbortSignal): Promise<Evidence> {
  const [image, file, keys] = await Promise.all([client.jobs.result(id, { signal }), client.jobs.receipt(id, { signal }), client.api.GET("/.well-known/jwks.json", { signal })]);
  const [data, receiptData] = await Promise.all([bytesOf(image.blob), bytesOf(file.blob)]);
  const { header, tag } = readFront(data);
  const receipt = await parseReceipt(receiptData);
  return {
    image: image.blob,
    name: image.name,
    width: header.width,
    height: header.height,
    receipt,
    signature: await checkSignatures(receipt, await readReceiptKeys(keys.data)),
    isAboutImage: await isAbout(receipt, data, { keyId: header.keyId, tag }),
  };
}

const bytesOf = async (blob: Blob): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await blob.arrayBuffer());

/** What the statement credits the system and the source with, in bits. */
export function creditedBits({ statement }: Receipt): { system: number; source: number; raw: number; kind: string; name: string } {
  const part = (name: string) => (statement[name] ?? {}) as Record<string, unknown>;
  const number = (value: unknown) => (typeof value === "number" ? value : 0);
  const { kind, name } = part("source");
  return { system: number(part("system").bits), source: number(part("raw").credited_bits), raw: number(part("raw").bits), kind: typeof kind === "string" ? kind : "", name: typeof name === "string" ? name : "" };
}
