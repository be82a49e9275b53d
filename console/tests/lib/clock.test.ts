import { afterEach, describe, expect, it } from "vitest";
import { learnClock, present } from "@/lib/clock.ts";

const now = Date.parse("2026-11-29T20:00:00Z");
const behind = (): number => Math.round((Date.now() - present().getTime()) / 1000);

describe("the clock of the service", () => {
  afterEach(() => { learnClock(new Date().toUTCString()); });

  it("is taken where this computer's is wrong by an hour", () => {
    learnClock("Sun, 29 Nov 2026 19:00:00 GMT", now);
    expect(behind()).toBe(3600);
  });

  it("is not taken for less than half a minute", () => {
    learnClock("Sun, 29 Nov 2026 19:59:45 GMT", now);
    expect(behind()).toBe(0);
  });

  it("stays as it was where an answer has no date", () => {
    learnClock("Sun, 29 Nov 2026 21:00:00 GMT", now);
    learnClock(null, now);
    learnClock("soon", now);
    expect(behind()).toBe(-3600);
  });
});
