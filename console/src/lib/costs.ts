import type { Job } from "@imageshield/client";
import type { Facts, Layout, Purity } from "@imageshield/client/format";

const CHANNELS: Partial<Record<string, number>> = { L: 1, LA: 2, "I;16": 2, RGB: 3, RGBA: 4, P: 4, "1": 1, CMYK: 4 };
const LOSSLESS = new Set(["PNG", "BMP", "TIFF"]);
/** Of a material file, to the samples that it encrypts (docs/reference/cli.md, "Purity"). */
const MATERIAL_PER_SAMPLE = 2.7;

export interface Subject {
  facts: Facts;
  bytes: number;
}

/** The bytes of an encrypted picture, near enough to choose by; null if its samples are not known. */
export function sizeOf(layout: Layout | "auto", { facts, bytes }: Subject): number | null {
  if (layout === "file" || (layout === "auto" && !LOSSLESS.has(facts.format))) return bytes;
  const channels = CHANNELS[facts.mode ?? ""];
  return channels === undefined || facts.width === 0 ? null : facts.width * facts.height * channels;
}

export function materialOf(layout: Layout | "auto", subject: Subject): number | null {
  const size = sizeOf(layout, subject);
  return size === null ? null : Math.round(size * MATERIAL_PER_SAMPLE);
}

export type Waits = Partial<Record<Purity, number>>;

/** The median time of the account's last encryptions, in seconds, by purity. What was never measured is missing. */
export function waitsOf(jobs: readonly Job[]): Waits {
  const times = new Map<Purity, number[]>();
  for (const { quantum_purity, started_at, completed_at } of jobs) {
    if (!quantum_purity?.served || !started_at || !completed_at) continue;
    const seconds = (Date.parse(completed_at) - Date.parse(started_at)) / 1000;
    const purity = quantum_purity.served as Purity;
    times.set(purity, [...(times.get(purity) ?? []), seconds]);
  }
  return Object.fromEntries([...times].map(([purity, all]) => [purity, median(all)]));
}

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
