import type { Analysis, Comparison } from "@imageshield/client";
import { describe, expect, test } from "vitest";
import { reasonsOf, rulesOf, tally } from "@/features/analytics/rules.ts";
import { deviationsOf, groupsOf } from "@/features/compare/rows.ts";
import { reasonOf } from "@/features/trends/pair.ts";
import { chunks, refusal } from "@/features/trends/selection.ts";
import { firstDay, medianOf, MEASURES, rangeOf, summaryOf } from "@/features/trends/trend-days.ts";

const FILE = "the encrypted picture holds a file and has another size than the original";

const test_ = (id: string, value: number | null, expected: number | null, p_value: number | null, reason: string | null = null) => ({
  id, name: id, unit: "", value, expected, sd: 1, deviation: value === null ? null : 0.5, p_value, verdict: (value === null ? "not_tested" : "as_expected"), reason, asks: "?", does_not_show: "Much.",
});
const rule = (id: string, passed: boolean | null, value: number | null = 0.5, reason: string | null = null) => ({ id, name: id, rule: "p-value at least", value, threshold: id === "key_space" ? 128 : 1e-5, passed, reason });

const analysis = {
  tests: [test_("entropy", 7.999779, 7.999766, 0.54), test_("npcr_original_vs_encrypted", null, null, null, FILE), test_("uaci_original_vs_encrypted", null, null, null, FILE), test_("mse_original_vs_encrypted", 12232.9, 12226.1, 0.64)],
  metrics: { psnr_db: 7.2555, lossless: false },
  security_grade: { letter: "A", reason: null, rules: [rule("entropy", true), rule("npcr_original_vs_encrypted", null, null, FILE), rule("uaci_original_vs_encrypted", null, null, FILE), rule("mse_original_vs_encrypted", false), rule("key_space", true, 256)] },
} as unknown as Analysis;

describe("rules of the letter", () => {
  const rules = rulesOf(analysis);

  test("stand beside what noise would give", () => {
    expect(rules[0]).toMatchObject({ name: "Entropy", measured: "7.999779", noise: "7.999766", p: "0.54", outcome: "as_expected" });
  });

  test("a rule that failed is failed, whatever the verdict of its test", () => {
    expect(rules[3]).toMatchObject({ technical: "PSNR 7.26 dB", outcome: "failed" });
  });

  test("what was not tested says why, once for all", () => {
    expect(rules[1]).toMatchObject({ measured: "–", noise: "–", p: "–", outcome: "not_tested" });
    expect(reasonsOf(rules)).toEqual([{ reason: FILE, names: ["Original against encrypted", "UACI"] }]);
    expect(tally(analysis.security_grade.rules)).toEqual({ passed: 2, tested: 3, untested: 2 });
  });

  test("the key space is enough, too small, or not known", () => {
    const outcome = (passed: boolean | null) => rulesOf({ ...analysis, security_grade: { ...analysis.security_grade, rules: [rule("key_space", passed, passed === null ? null : 256)] } })[0].outcome;
    expect([outcome(true), outcome(false), outcome(null)]).toEqual(["enough", "too_small", "not_tested"]);
  });

  test("equal pictures have no PSNR", () => {
    const equal = { ...analysis, metrics: { ...analysis.metrics, psnr_db: null, lossless: true } } as Analysis;
    expect(rulesOf(equal)[3].technical).toContain("equal");
  });
});

describe("a comparison", () => {
  const comparison = {
    jobs: [],
    rows: [
      { metric: "entropy.original", name: "Entropy of the original", unit: "bits per byte", values: [7.47, 6.7] },
      { metric: "entropy.encrypted", name: "Entropy", unit: "bits per byte", values: [7.999779, 7.9] },
      { metric: "mse", name: "MSE", unit: "", values: [null, 12] },
      { metric: "lightness", name: "Lightness", unit: "lux", values: [1, 2] },
    ],
  } as Comparison;

  test("groups its rows, the encrypted picture first, and keeps what it does not know", () => {
    expect(groupsOf(comparison, []).map((group) => group.name)).toEqual(["Encrypted picture", "Original against encrypted", "Your picture", "More"]);
  });

  test("has noise of each job's own size, and none beside an original or a missing value", () => {
    const [encrypted, pair, original] = groupsOf(comparison, [analysis, undefined]);
    expect(encrypted.rows[0].cells).toEqual([{ value: "7.999779", noise: "7.999766" }, { value: "7.900000", noise: null }]);
    expect(pair.rows[0].cells[0]).toEqual({ value: "–", noise: null });
    expect(original.rows[0].cells[0].noise).toBeNull();
  });

  test("draws only what was compared with noise", () => {
    const rows = deviationsOf([{ name: "a.png", analysis }, { name: "b.png", analysis: undefined }]);
    expect(rows.map((row) => row.deviations.length)).toEqual([1, 0, 0, 1]);
    expect(rows[2].name).toBe("By how much, original");
  });
});

describe("the entry page", () => {
  test("compares 2 to 20 jobs", () => {
    expect([refusal(1), refusal(2), refusal(20), refusal(21)]).toEqual(["Choose one more", undefined, undefined, "At most 20"]);
    expect(chunks(Array.from({ length: 41 }, String)).map((some) => some.length)).toEqual([20, 20, 1]);
  });

  test("says which picture is missing or too large", () => {
    const ok = { size: 10 };
    expect(reasonOf({ original: null, encrypted: null })).toBe("Choose both pictures first");
    expect(reasonOf({ original: ok, encrypted: null })).toBe("Choose the encrypted picture first");
    expect(reasonOf({ original: { size: 61_000_000 }, encrypted: ok })).toBe("Your picture is 61 MB, over 50 MB");
    expect(reasonOf({ original: ok, encrypted: { size: 112_000_000 } })).toBeUndefined();
  });
});

describe("trends", () => {
  const day = (date: string, jobs: number, letters: Record<string, number>) => ({ date, encryptions: { jobs, completed: jobs, failed: 0, duration_ms: null }, analyses: 1, letters, medians: { entropy: null, correlation: null, chi_square_p: null, npcr: null, uaci: null, duration_ms: null } });

  test("sum up days and letters", () => {
    expect(summaryOf([day("2026-11-28", 2, { A: 1 }), day("2026-11-29", 3, { F: 1, A: 2 })])).toMatchObject({ jobs: 5, analyses: 2, letters: "3 A, 1 F" });
  });

  test("keep noise in the middle of the axis, however far a day is", () => {
    const [low, high] = rangeOf(MEASURES[1], [{ date: "2026-11-29", value: 99.4 }]);
    expect((low + high) / 2).toBeCloseTo(99.609375, 9);
    expect(low).toBeLessThan(99.4);
  });

  test("a median of nothing is nothing", () => {
    expect(medianOf([{ date: "2026-11-29", value: null }])).toBeNull();
    expect(medianOf([3, 1, 2, 4].map((value) => ({ date: "", value })))).toBe(2.5);
  });

  test("thirty days end today", () => {
    expect(firstDay(30, new Date("2026-11-29T23:59:00Z"))).toBe("2026-10-31");
  });
});
