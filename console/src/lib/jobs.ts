import type { Job } from "@imageshield/client";
import { bytes, dimensions, duration, percent } from "@/lib/format.ts";

export const KINDS: Record<Job["kind"], string> = { encrypt: "Encrypt", decrypt: "Decrypt", analyze: "Analyze", avalanche: "Avalanche check", export: "Export" };
export const STATUSES: Record<Job["status"], string> = { pending: "Waiting", processing: "In progress", completed: "Completed", failed: "Failed", cancelled: "Cancelled" };
export const PURITIES: Record<string, string> = { fast: "Fast", balanced: "Balanced", multistage: "Multistage", maximum: "Maximum" };
export const CUSTODIES: Record<string, string> = { managed: "Managed", passphrase: "Password", recipient: "Recipients", client: "Client" };

export const isOpen = ({ status }: Pick<Job, "status">): boolean => status === "pending" || status === "processing";

/** A decrypted picture is kept for minutes and an export for days; its job stays. */
export const isGone = (job: Job): boolean => (job.kind === "decrypt" || job.kind === "export") && job.status === "completed" && job.result_url === null;

/** How a tile stands for it. */
export const tileOf = ({ kind }: Job) => (kind === "decrypt" || kind === "export" ? kind : "encrypted");

/** The name of the file, or what is known of it without one. */
export function titleOf(job: Job): string {
  if (job.file_name !== null) return job.file_name;
  if (job.kind === "decrypt") return "Decrypted, name not kept";
  if (job.kind === "export") return "Export of the account";
  return job.image ? `${job.image.format}, ${bytes(job.image.bytes)}` : KINDS[job.kind];
}

/** How the picture comes back: `Pixels`, `File`, `Parts, 9.9 %`; null where nothing is encrypted. */
export function layoutOf(job: Job): string | null {
  if (job.kind !== "encrypt") return null;
  if (job.regions.length > 0) return job.share_encrypted === null ? "Parts" : `Parts, ${percent(job.share_encrypted, 1)}`;
  return job.layout === "pixels" ? "Pixels" : job.layout === "file" ? "File" : null;
}

export const purityOf = (job: Job): string | null => (job.quantum_purity ? (PURITIES[job.quantum_purity.requested] ?? job.quantum_purity.requested) : null);

/** The word of a job that completed otherwise than asked. */
export function deviationOf({ quantum_purity: purity }: Job): string | undefined {
  if (!purity?.reason || purity.served === null) return undefined;
  return purity.served === purity.requested ? "Degraded seed" : `Served ${purity.served}`;
}

/** Seconds of work, from the claim by a worker to the end; null before it. */
export function tookOf({ started_at, completed_at, status }: Job): number | null {
  return started_at === null || completed_at === null || status !== "completed" ? null : secondsBetween(started_at, completed_at);
}

export const secondsBetween = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);

export const tookText = (job: Job): string | null => {
  const seconds = tookOf(job);
  return seconds === null ? null : duration(seconds);
};

/** `5000 × 5000 TIFF, RGB`: the submitted picture in a line. */
export function pictureLine(job: Job): string | null {
  const image = job.image;
  if (!image) return null;
  const format = image.format === "OTHER" ? (image.media_type ?? "file") : image.format;
  const size = image.width !== null && image.height !== null ? `${dimensions(image.width, image.height)} ` : "";
  return `${size}${format}${image.mode === null ? "" : `, ${image.mode}`}`;
}

/** For how many days an ended job is kept, as the newest one says; null where none says so. */
export function keptDays(jobs: readonly Job[]): number | null {
  const ended = jobs.find((job) => job.kind === "encrypt" && job.completed_at !== null && job.expires_at !== null);
  if (!ended?.completed_at || !ended.expires_at) return null;
  return Math.round(secondsBetween(ended.completed_at, ended.expires_at) / 86_400);
}
