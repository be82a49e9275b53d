import type { Analysis, Comparison } from "@imageshield/client";
import { pSentence, pText, signed, wordsOf } from "@/lib/measures.ts";
import type { DeviationRow } from "@/ui/charts/index.ts";

type ComparedNumber = Comparison["rows"][number];

export interface Cell {
  value: string;
  /** What noise would give, for this job's size. */
  noise: string | null;
}

export interface Row {
  metric: string;
  name: string;
  unit: string;
  cells: Cell[];
}

export interface Group {
  name: string;
  rows: Row[];
}

/** The group of a metric, its test in an analysis, and its short name. */
const METRICS = new Map<string, { group: string; test?: string; name: string; unit: string }>(Object.entries({
  "entropy.encrypted": { group: "Encrypted picture", test: "entropy", name: "Entropy", unit: "bits per byte" },
  "histogram.chi_square": { group: "Encrypted picture", test: "chi_square", name: "Histogram", unit: "chi-square" },
  "histogram.p_value": { group: "Encrypted picture", name: "Histogram", unit: "p of the upper tail" },
  "correlation.encrypted.horizontal": { group: "Encrypted picture", test: "correlation_horizontal", name: "Neighbors, right", unit: "correlation" },
  "correlation.encrypted.vertical": { group: "Encrypted picture", test: "correlation_vertical", name: "Neighbors, below", unit: "correlation" },
  "correlation.encrypted.diagonal": { group: "Encrypted picture", test: "correlation_diagonal", name: "Neighbors, diagonal", unit: "correlation" },
  "npcr.between_ciphertexts": { group: "Two encryptions", test: "npcr_between_ciphertexts", name: "Share that differs", unit: "NPCR" },
  "uaci.between_ciphertexts": { group: "Two encryptions", test: "uaci_between_ciphertexts", name: "By how much", unit: "UACI" },
  "npcr.original_vs_encrypted": { group: "Original against encrypted", test: "npcr_original_vs_encrypted", name: "Share that differs", unit: "NPCR" },
  "uaci.original_vs_encrypted": { group: "Original against encrypted", test: "uaci_original_vs_encrypted", name: "By how much", unit: "UACI" },
  mse: { group: "Original against encrypted", test: "mse_original_vs_encrypted", name: "Mean squared error", unit: "MSE" },
  psnr_db: { group: "Original against encrypted", name: "PSNR", unit: "dB" },
  key_space_bits: { group: "Key", test: "key_space", name: "Key space", unit: "bits" },
  "entropy.original": { group: "Your picture", name: "Entropy", unit: "bits per byte" },
  "correlation.original.horizontal": { group: "Your picture", name: "Neighbors, right", unit: "correlation" },
  "correlation.original.vertical": { group: "Your picture", name: "Neighbors, below", unit: "correlation" },
  "correlation.original.diagonal": { group: "Your picture", name: "Neighbors, diagonal", unit: "correlation" },
}));
const GROUPS = ["Encrypted picture", "Two encryptions", "Original against encrypted", "Key", "Your picture"];
const OTHERS = "More";

/** The rows of a comparison in groups. `analyses` stand in the order of the jobs; those that are not there yet leave noise out. */
export function groupsOf({ rows }: Comparison, analyses: readonly (Analysis | undefined)[]): Group[] {
  const groups = new Map<string, Row[]>([...GROUPS, OTHERS].map((name) => [name, []]));
  for (const row of rows) groups.get(METRICS.get(row.metric)?.group ?? OTHERS)?.push(rowOf(row, analyses));
  return [...groups].filter(([, found]) => found.length > 0).map(([name, found]) => ({ name, rows: found }));
}

function rowOf(row: ComparedNumber, analyses: readonly (Analysis | undefined)[]): Row {
  const known = METRICS.get(row.metric);
  return {
    metric: row.metric,
    name: known?.name ?? row.name,
    unit: known?.unit ?? row.unit,
    cells: row.values.map((value, index) => ({ value: value === null ? "–" : write(row.metric, value), noise: value === null ? null : noiseOf(row.metric, analyses[index]) })),
  };
}

function write(metric: string, value: number): string {
  const test = METRICS.get(metric)?.test;
  if (test) return wordsOf(test, metric).write(value);
  if (metric === "histogram.p_value") return pText(value);
  if (metric === "psnr_db") return value.toFixed(2);
  return metric.startsWith("correlation") ? signed(value, 5, true) : value.toFixed(6);
}

function noiseOf(metric: string, analysis: Analysis | undefined): string | null {
  if (metric === "histogram.p_value") return "0 to 1";
  if (metric === "key_space_bits") return "at least 128";
  const test = METRICS.get(metric)?.test;
  const expected = analysis?.tests.find((one) => one.id === test)?.expected;
  return test === undefined || expected == null ? null : wordsOf(test, metric).write(expected);
}

/** How far each test of each job is from noise. */
export function deviationsOf(jobs: readonly { name: string; analysis: Analysis | undefined }[]): DeviationRow[] {
  const tests = jobs.find((job) => job.analysis)?.analysis?.tests ?? [];
  return tests.map(({ id, name }) => {
    const words = wordsOf(id, name);
    return {
      name: words.name.startsWith("…") ? `By how much, ${id.endsWith("ciphertexts") ? "two encryptions" : "original"}` : words.name,
      deviations: jobs.flatMap((job) => {
        const test = job.analysis?.tests.find((one) => one.id === id);
        return test?.deviation == null || test.value === null ? [] : [{ of: job.name, by: test.deviation, text: `${words.write(test.value)}, ${pSentence(test.p_value)}` }];
      }),
    };
  });
}
