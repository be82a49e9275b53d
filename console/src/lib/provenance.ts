import { client } from "@/lib/api.ts";
import { provenanceOf, type Provenance } from "@/lib/receipt.ts";

const MOST_BYTES = 1024 * 1024;

/** Fetch the receipt of a job and read it; null if it cannot be read. */
export async function fetchProvenance(job_id: string, signal: AbortSignal): Promise<Provenance | null> {
  const { blob } = await client.jobs.receipt(job_id, { signal });
  return blob.size > MOST_BYTES ? null : provenanceOf(await blob.text());
}
