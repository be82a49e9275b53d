import { describe, expect, it } from "vitest";
import { absolute, bytes, day, duration, moment, plural, relative, shortId } from "@/lib/format.ts";

describe("bytes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [792_000, "792 kB"],
    [999_600, "1 MB"],
    [4_710_000, "4.71 MB"],
    [48_900_000, "48.9 MB"],
    [50_000_000, "50 MB"],
    [75_110_000, "75.1 MB"],
    [1.5e15, "1500 TB"],
  ])("writes %d as %s", (count, text) => {
    expect(bytes(count)).toBe(text);
  });
});

describe("duration", () => {
  it.each([
    [0.0123, "12 ms"],
    [0.9, "0.9 s"],
    [9.97, "10 s"],
    [59.6, "1 min"],
    [125, "2 min 5 s"],
    [3600, "1 h"],
    [4200, "1 h 10 min"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("times", () => {
  const now = new Date(2026, 10, 28, 14, 2, 30);

  it.each([
    [new Date(2026, 10, 28, 14, 2, 30), "now"],
    [new Date(2026, 10, 28, 14, 2, 28), "2 s ago"],
    [new Date(2026, 10, 28, 14, 8, 0), "in 5 min"],
    [new Date(2026, 10, 28, 11, 2, 0), "3 h ago"],
    [new Date(2026, 11, 8, 14, 2, 30), "in 10 days"],
  ])("tells %s relative to now", (at, text) => {
    expect(relative(at, now)).toBe(text);
  });

  it.each([
    [new Date(2026, 10, 28, 0, 0, 0), "today, 00:00"],
    [new Date(2026, 10, 27, 23, 59, 0), "yesterday, 23:59"],
    [new Date(2026, 10, 29, 9, 5, 0), "tomorrow, 09:05"],
    [new Date(2026, 7, 3, 12, 0, 0), "3 Aug, 12:00"],
    [new Date(2025, 7, 3, 12, 0, 0), "3 Aug 2025"],
  ])("tells the moment of %s", (at, text) => {
    expect(moment(at, now)).toBe(text);
  });

  it("writes a day with its weekday", () => {
    expect(day(now, true)).toBe("Saturday, 28 November 2026");
  });

  it("gives the seconds and the zone in full", () => {
    expect(absolute(now)).toMatch(/^28 November 2026.*14:02:30 \S+/);
  });
});

describe("words", () => {
  it("counts one and many", () => {
    expect([plural(1, "picture"), plural(1321, "picture"), plural(2, "batch", "batches")]).toEqual(["1 picture", "1,321 pictures", "2 batches"]);
  });

  it("shortens ids in the middle and leaves short ones", () => {
    expect(shortId("job_01a22275ae527e78a25afd4dba889d82")).toBe("job_01a22275…889d82");
    expect(shortId("req_01a22276")).toBe("req_01a22276");
  });
});
