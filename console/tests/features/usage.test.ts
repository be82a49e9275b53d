import type { Tier, Usage } from "@imageshield/client";
import { describe, expect, it } from "vitest";
import { dateOf, dayBefore, daysOf, kindsOf, noteOf, spanOf } from "@/features/usage/days.ts";
import { linesOf } from "@/features/usage/tier.ts";
import { dayOf, quotasOf, shareOf, standingOf } from "@/lib/limits.ts";

const used = (amount: number, limit: number | null) => ({ used: amount, limit, reset: null });
const usage = {
  tier: "free",
  period: { starts: "2026-11-28", ends: "2026-12-28" },
  encryptions: used(5, 10),
  stored_bytes: used(0, null),
  calls: 1,
  jobs: { decrypt: 9, encrypt: 5, analyze: 0 },
  days: [
    { day: "2026-11-28", jobs: { encrypt: 2 }, calls: 1 },
    { day: "2026-11-29", jobs: {}, calls: 0 },
    { day: "2026-11-30", jobs: { encrypt: 3, decrypt: 9 }, calls: 0 },
    { day: "2026-12-01", jobs: {}, calls: 0 },
  ],
} as unknown as Usage;
const TODAY = "2026-11-30";

describe("a limit", () => {
  it("is near from four fifths on, and reached at its end", () => {
    expect([used(7, 10), used(8, 10), used(9, 10), used(10, 10), used(11, 10), used(3, null)].map(standingOf)).toEqual(["room", "near", "near", "reached", "reached", "unlimited"]);
  });

  it("of nothing is reached at once", () => {
    expect([standingOf(used(0, 0)), shareOf(used(0, 0)), shareOf(used(30, 10)), shareOf(used(1, null))]).toEqual(["reached", 1, 1, 0]);
  });

  it("that stops work is one of two", () => {
    expect(quotasOf(usage).map(({ key, standing }) => [key, standing])).toEqual([["encryptions", "room"], ["stored_bytes", "unlimited"]]);
  });
});

describe("the picture of the month", () => {
  it("has a value for every day until today", () => {
    expect(daysOf(usage, "days", TODAY).map(({ value }) => value)).toEqual([2, 0, 3, null]);
    expect(daysOf(usage, "sum", TODAY).map(({ value }) => value)).toEqual([2, 2, 5, null]);
    expect(daysOf(usage, "calls", TODAY).map(({ value }) => value)).toEqual([1, 0, 0, null]);
  });

  it("says what it comes to", () => {
    expect(noteOf(usage, "days", TODAY)).toBe("5 of 10; today 3 so far");
    expect(noteOf(usage, "calls", TODAY)).toBe("1 job; today 0 so far");
    expect(noteOf({ ...usage, encryptions: used(1, null) }, "days", "2027-01-01")).toBe("1 picture");
  });

  it("names its days and its jobs", () => {
    expect([spanOf(usage), spanOf({ ...usage, days: [] }), dayOf("2026-12-28")]).toEqual(["28 Nov – 1 Dec", "", "28 December"]);
    expect(kindsOf(usage)).toEqual([{ name: "decryptions", jobs: 9 }, { name: "encryptions", jobs: 5 }]);
  });

  it("leads to the month before", () => {
    expect([dayBefore("2026-12-01"), dayBefore("2024-03-01"), dateOf(new Date("2026-11-30T23:59:59Z"))]).toEqual(["2026-11-30", "2024-02-29", "2026-11-30"]);
  });
});

describe("what a tier includes", () => {
  it("is said in words", () => {
    const lines = new Map(linesOf({ file_bytes: 5e6, purities: ["balanced"], analytics: "basic", uploads_at_once: 4, sockets_at_once: 20, streams_at_once: null, account_requests_per_minute: 1200, user_requests_per_minute: null, api_key_requests_per_minute: 300 } as Tier).map(({ name, value }) => [name, value]));
    expect([lines.get("Largest picture"), lines.get("Uploads at once"), lines.get("Followed live at once"), lines.get("Requests of a user")]).toEqual(["5 MB", "4", "20 by socket, no limit by stream", "no limit"]);
  });
});
