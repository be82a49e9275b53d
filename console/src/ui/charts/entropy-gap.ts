import { count } from "@/lib/format.ts";
import { significant } from "@/ui/charts/scale.ts";

/** Bits per byte that are missing to 8; of noise, the mean and two standard deviations, or null where noise is no measure. */
export interface EntropyGap {
  encrypted: number;
  original: number;
  expected: number | null;
  spread: number | null;
}

export interface GapUnit {
  /** "millionths of a bit". */
  name: string;
  size: number;
}

const UNITS: GapUnit[] = [
  { name: "bits", size: 1 },
  { name: "thousandths of a bit", size: 1e-3 },
  { name: "millionths of a bit", size: 1e-6 },
  { name: "billionths of a bit", size: 1e-9 },
];

/** The largest unit in which what noise lacks has two digits before the point. */
export function unitOf({ expected, encrypted }: EntropyGap): GapUnit {
  const reference = expected ?? encrypted;
  return UNITS.find((unit) => reference >= 10 * unit.size) ?? UNITS[3];
}

/** Where the axis ends, in bits: one and a half times what noise lacks; further if the encrypted picture is not far off. */
export function axisEnd({ expected, spread, encrypted }: EntropyGap): number {
  if (expected === null) return significant(Math.max(encrypted * 1.5, 1e-9), 2);
  const end = Math.max(expected * 1.5, expected + 1.75 * (spread ?? 0));
  return significant(encrypted < 2 * end ? Math.max(end, encrypted * 1.12) : end, 2);
}

/** A gap in a unit: whole from 10 on. */
export function inUnit(gap: number, unit: GapUnit): string {
  const value = gap / unit.size;
  return value >= 10 || value === 0 ? count(Math.round(value)) : value.toPrecision(2);
}

/** A gap in bits, with three digits that say something: 0.000205, 1.37. */
export function gapBits(gap: number): string {
  if (gap === 0) return "0";
  const digits = Math.min(12, Math.max(2, 2 - Math.floor(Math.log10(gap))));
  return gap.toFixed(digits);
}

/** A deviation with as many decimals as the number beside it. */
export const likeGap = (value: number, beside: number): string => value.toFixed(gapBits(beside).split(".").at(1)?.length ?? 0);
