import { describe, expect, it } from "vitest";
import { waitsOf, sizeOf } from "@/lib/costs.ts";
import { stagesAt, stagesOf, timeOf } from "@/lib/stages.ts";

const marks = [{ stage: "queued", at: 1000 }, { stage: "validating", at: 1100 }, { stage: "encrypting", at: 1400 }];

describe("the stages of a job", () => {
  it("have the times that this page has measured", () => {
    const stages = stagesAt(stagesOf("encrypt", false), "encrypting", marks, 4500);
    expect(stages.map(({ name, state, seconds }) => [name, state, seconds])).toEqual([
      ["queued", "done", 0.1],
      ["validating", "done", 0.3],
      ["generating_quantum_keys", "done", null],
      ["encrypting", "active", 3.1],
      ["authenticating", "waiting", null],
      ["storing", "waiting", null],
    ]);
  });

  it("have no time for one that ran before the page was opened", () => {
    const [, , , encrypting] = stagesAt(stagesOf("encrypt", true), "encrypting", [{ stage: "encrypting", at: 0 }], 9000);
    expect(encrypting).toMatchObject({ state: "active", seconds: null });
  });

  it("include one that a later release adds", () => {
    expect(stagesOf("decrypt", false, [{ stage: "notarizing", at: 0 }])).toContain("notarizing");
  });

  it("are all done at the end, and the one that failed says so", () => {
    expect(stagesAt(["queued", "storing"], "completed", [], 0).every(({ state }) => state === "done")).toBe(true);
    expect(stagesAt(["queued", "storing"], "storing", [], 0, true)[1]?.state).toBe("failed");
    expect([timeOf(null), timeOf(0), timeOf(0.25)]).toEqual([null, null, "0.3 s"]);
  });
});

describe("costs", () => {
  it("of time are the median of what was measured", () => {
    const job = (served: string | null, seconds: number) => ({ quantum_purity: { requested: "fast", served, reason: null }, started_at: "2026-01-02T03:04:00Z", completed_at: new Date(Date.UTC(2026, 0, 2, 3, 4, seconds)).toISOString() });
    const jobs = [job("fast", 1), job("fast", 9), job("fast", 2), job("balanced", 4), job("balanced", 6), job(null, 50)] as unknown as Parameters<typeof waitsOf>[0];
    expect(waitsOf(jobs)).toEqual({ fast: 2, balanced: 5 });
  });

  it("of space follow from the layout", () => {
    const subject = (format: string) => ({ facts: { format, mode: "RGB", bitDepth: 8, width: 100, height: 10 } as Parameters<typeof sizeOf>[1]["facts"], bytes: 500 });
    expect(sizeOf("auto", subject("PNG"))).toBe(3000);
    expect(sizeOf("auto", subject("JPEG"))).toBe(500);
    expect(sizeOf("pixels", subject("JPEG"))).toBe(3000);
    expect(sizeOf("pixels", { facts: { format: "OTHER", mode: null, bitDepth: null, width: 0, height: 0 }, bytes: 5 })).toBeNull();
  });
});
