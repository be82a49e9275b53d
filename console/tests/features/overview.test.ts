import type { Trends } from "@imageshield/client";
import { describe, expect, it } from "vitest";
import { firstDay, lastFailures, lastMedian, monthFigures } from "@/features/overview/counts.ts";

type Day = Trends["days"][number];
const NONE = { entropy: null, correlation: null, chi_square_p: null, npcr: null, uaci: null, duration_ms: null };
const day = (date: string, completed: number, failed = 0, duration_ms: number | null = null): Day => ({ date, encryptions: { jobs: completed + failed, completed, failed, duration_ms }, analyses: 0, letters: {}, medians: NONE });

describe("the figures of the overview", () => {
  it("counts this month and names the one before", () => {
    const figures = monthFigures([day("2026-10-30", 3), day("2026-10-31", 4), day("2026-11-01", 5), day("2026-11-02", 1)]);
    expect(figures).toEqual({ month: "November", encrypted: 6, note: "October: 7", daily: [3, 4, 5, 1] });
  });

  it("says what came today where there is nothing to compare with", () => {
    expect(monthFigures([day("2026-11-01", 0), day("2026-11-02", 1)])?.note).toBe("1 picture today");
    expect(monthFigures([])).toBeNull();
  });

  it("takes the median of the last day that has one", () => {
    expect(lastMedian([day("2026-11-01", 2, 0, 1500), day("2026-11-02", 0)])).toEqual({ value: "1.5 s", note: "of 2 encryptions on 1 November" });
    expect(lastMedian([day("2026-11-01", 2, 0, 90)])).toEqual({ value: "90 ms", note: "of 2 encryptions today" });
    expect(lastMedian([day("2026-11-01", 0)])).toBeNull();
  });

  it("adds the failures of a week", () => {
    const days = Array.from({ length: 9 }, (_, index) => day(`2026-11-0${index + 1}`, 1, 1));
    expect(lastFailures(days)).toEqual({ failed: 7, of: 14 });
  });

  it("asks from the first day of the month before, in UTC", () => {
    expect(firstDay(new Date("2026-01-31T23:30:00Z"))).toBe("2025-12-01");
  });
});
