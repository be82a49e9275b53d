import { Clock } from "lucide-react";
import { describe, expect, test } from "vitest";
import { countsSentence, countsTable } from "@/ui/charts/counts.tsx";
import { daysSentence, daysTable, shortDay } from "@/ui/charts/days.tsx";
import { nearest, nextStop } from "@/ui/charts/plot.tsx";
import { drawn, scatterTable } from "@/ui/charts/scatter.tsx";
import { sentenceOf, timelineTable } from "@/ui/charts/timeline.tsx";

describe("read-out", () => {
  test("finds the nearest stop by x, or by both where stops are points", () => {
    const columns = [0, 10, 20].map((x) => ({ x, lines: [] }));
    expect([nearest(columns, 14, 999), nearest(columns, 16, 0), nearest([], 1, 1)]).toEqual([1, 2, null]);
    expect(nearest([{ x: 0, y: 0, lines: [] }, { x: 3, y: 40, lines: [] }], 0, 39)).toBe(1);
  });

  test("arrows, pages, Home and End move within the ends", () => {
    expect(["ArrowRight", "ArrowLeft", "PageDown", "End", "Home"].map((key) => nextStop(key, 5, 20))).toEqual([6, 4, 0, 19, 0]);
    expect(nextStop("ArrowRight", 19, 20)).toBe(19);
    expect([nextStop("Tab", 5, 20), nextStop("toString", 5, 20)]).toEqual([undefined, undefined]);
  });
});

describe("scatter", () => {
  const pairs = { x: Array.from({ length: 2000 }, (_, index) => (index * 7) % 256), y: Array.from({ length: 2000 }, (_, index) => index % 256), max: 255 };

  test("draws 700 of 2,000 pairs, from left to right", () => {
    const dots = drawn(pairs);
    expect(dots).toHaveLength(700);
    expect(dots.every(([x], index) => index === 0 || dots[index - 1][0] <= x)).toBe(true);
  });

  test("a shorter series leaves dashes in the table", () => {
    const table = scatterTable(pairs, { x: [3], y: [4], max: 255 }, "below");
    expect(table.rows).toHaveLength(700);
    expect(table.rows[0].slice(3)).toEqual(["3", "4"]);
    expect(table.rows[1].slice(3)).toEqual(["–", "–"]);
  });
});

describe("counts", () => {
  const outcomes = [{ label: "000", count: 2011, expected: 2048 }, { label: "001", count: 0 }, { label: "111", count: 2085, expected: 2048 }];

  test("shares add up and what is not expected is a dash", () => {
    expect(countsTable(outcomes).rows).toEqual([["000", "2,011", "2,048", "49.1 %"], ["001", "0", "–", "0.0 %"], ["111", "2,085", "2,048", "50.9 %"]]);
  });

  test("the sentence leaves out what never happened", () => {
    expect(countsSentence(outcomes)).toBe("Counts of 4,096 shots. 000: 2,011, 111: 2,085; the others: none.");
  });

  test("nothing counted is no share", () => {
    expect(countsTable([{ label: "0", count: 0 }]).rows).toEqual([["0", "0", "–", "–"]]);
  });
});

describe("timeline", () => {
  const attempts = [{ name: "Attempt 1", note: "worker stopped", stages: [{ name: "queued", icon: Clock, from: 0, to: 0.3 }, { name: "encrypting", icon: Clock, from: 0.3, to: 2.1 }] }];

  test("says stages, times and how it ended", () => {
    expect(sentenceOf(attempts)).toBe("Attempt 1: queued 0.3 s, encrypting 1.8 s; worker stopped.");
    expect(timelineTable(attempts).rows[1]).toEqual(["encrypting", "Attempt 1", "0.3 s", "1.8 s"]);
  });
});

describe("days", () => {
  const days = [{ date: "2026-11-28", value: 4, failed: 1 }, { date: "2026-11-29", value: null, failed: 0 }];

  test("are days of UTC", () => {
    expect(shortDay("2026-11-29")).toBe("29 Nov");
  });

  test("without a value are dashes, and the sentence passes over them", () => {
    expect(daysTable("Pictures", "Accepted", days, String).rows).toEqual([["28 Nov", "4", "1"], ["29 Nov", "–", "0"]]);
    expect(daysSentence("Pictures", days, String)).toBe("Pictures from 28 Nov to 29 Nov: between 4 and 4.");
    expect(daysSentence("Pictures", [], String)).toBe("Pictures: nothing.");
  });
});
