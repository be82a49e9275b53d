import { describe, expect, it } from "vitest";
import { attemptsOf } from "@/features/job/stages.ts";
import { deviationOf, isGone, keptDays, layoutOf, pictureLine, titleOf, tookText } from "@/lib/jobs.ts";
import { job } from "./example-job.ts";

const TIMINGS = { timings_ms: { analyzing: 300, validating: 100, encrypting: 200 } };
const bars = (one: ReturnType<typeof job>) => attemptsOf(one).map(({ name, stages }) => [name, ...stages.map((stage) => [stage.name, Number(stage.from.toFixed(3)), Number(stage.to.toFixed(3))])]);

describe("the timeline of a job", () => {
  it("orders what the worker measured; the rest is fetching and storing", () => {
    expect(bars(job({ metrics: TIMINGS }))).toEqual([["Stages", ["Wait", 0, 0.5], ["Check", 0.5, 0.6], ["Encrypt", 0.6, 0.8], ["Fetch and store", 0.8, 1.7], ["Measure", 1.7, 2]]]);
  });

  it("draws earlier attempts as one bar, since nothing else is known", () => {
    expect(bars(job({ metrics: TIMINGS, attempts: 2 }))).toEqual([["Attempt 2", ["Wait", 0, 0.5], ["Earlier attempts", 0.5, 1.4], ["Check", 1.4, 1.5], ["Encrypt", 1.5, 1.7], ["Measure", 1.7, 2]]]);
  });

  it("ends where it failed or was cancelled", () => {
    expect(bars(job({ status: "failed" }))).toEqual([["Stages", ["Wait", 0, 0.5], ["Failed", 0.5, 2]]]);
    expect(bars(job({ status: "cancelled", started_at: null }))).toEqual([["Stages", ["Wait", 0, 2]]]);
  });

  it("passes over metrics that it does not know", () => {
    expect(bars(job({ metrics: { timings_ms: { encrypting: "fast", dreaming: 3 } } }))).toEqual([["Stages", ["Wait", 0, 0.5], ["Fetch and store", 0.5, 2]]]);
    expect(attemptsOf(job({ completed_at: null, status: "processing" }))).toEqual([]);
  });
});

describe("the words of a job", () => {
  it("names what has no name by what is known", () => {
    expect(titleOf(job())).toBe("scan.png");
    expect(titleOf(job({ file_name: null }))).toBe("PNG, 467 kB");
    expect(titleOf(job({ file_name: null, kind: "decrypt", image: null }))).toBe("Decrypted, name not kept");
  });

  it("says how it comes back", () => {
    expect(layoutOf(job())).toBe("Pixels");
    expect(layoutOf(job({ regions: [{ x: 0, y: 0, width: 1, height: 1 }], share_encrypted: 0.0988 }))).toBe("Parts, 9.9 %");
    expect(layoutOf(job({ kind: "decrypt", layout: "file" }))).toBeNull();
  });

  it("labels a fallback", () => {
    const purity = (served: string | null, reason: string | null) => job({ quantum_purity: { requested: "maximum", served, reason } });
    expect(deviationOf(purity("maximum", null))).toBeUndefined();
    expect(deviationOf(purity("maximum", "degraded: no answer"))).toBe("Degraded seed");
    expect(deviationOf(purity("balanced", "degraded: no answer"))).toBe("Served balanced");
  });

  it("knows when a decrypted picture is gone", () => {
    expect(isGone(job({ kind: "decrypt", result_url: null }))).toBe(true);
    expect(isGone(job({ kind: "decrypt" }))).toBe(false);
    expect(isGone(job({ result_url: null }))).toBe(false);
  });

  it("measures from the claim to the end", () => {
    expect(tookText(job())).toBe("1.5 s");
    expect(tookText(job({ status: "failed" }))).toBeNull();
    expect(keptDays([job({ kind: "decrypt" }), job()])).toBe(30);
    expect(pictureLine(job({ image: { format: "OTHER", media_type: "image/heic", mode: null, width: null, height: null, bytes: 1 } }))).toBe("image/heic");
  });
});
