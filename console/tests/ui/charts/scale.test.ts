import { describe, expect, test } from "vitest";
import { linear, linePath, niceStep, significant, stepArea, stepPath, ticks } from "@/ui/charts/scale.ts";

describe("linear", () => {
  test("maps both ends and the middle", () => {
    const x = linear([0, 350], [0, 320]);
    expect([x(0), x(175), x(350)]).toEqual([0, 160, 320]);
  });

  test("turns upside down when pixels do", () => {
    expect(linear([0, 10], [200, 0])(2)).toBe(160);
  });

  test("puts everything at the start when there is no span", () => {
    expect(linear([4, 4], [10, 90])(4)).toBe(10);
  });
});

describe("ticks", () => {
  test("steps by 1, 2 or 5", () => {
    expect([niceStep(350, 4), niceStep(8.7, 5), niceStep(0.55, 3), niceStep(1000, 4)]).toEqual([100, 2, 0.2, 500]);
  });

  test("shows no rounding of binary fractions", () => {
    expect(ticks(0, 0.35e-3, 4)).toEqual([0, 0.0001, 0.0002, 0.0003]);
    expect(ticks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
  });

  test("begins at the first round value of a range that begins elsewhere", () => {
    expect(ticks(99.587, 99.631, 3)).toEqual([99.6, 99.62]);
  });

  test("has a step for a span of nothing", () => {
    expect(niceStep(0, 3)).toBe(1);
    expect(ticks(0, 0, 3)).toEqual([0]);
  });
});

test("significant digits round the step of an axis", () => {
  expect([significant(3072, 1), significant(1054.7, 1), significant(350.8, 2)]).toEqual([3000, 1000, 350]);
});

describe("paths", () => {
  test("a null breaks a line", () => {
    expect(linePath([[0, 1], [2, 3], null, [4, 5]])).toBe("M0 1L2 3M4 5");
  });

  test("bars touch each other", () => {
    expect(stepPath([10, 4], (value) => value * 2)).toBe("M0 10H2V4H4");
    expect(stepArea([10, 4], (value) => value * 2, 12)).toBe("M0 10H2V4H4V12H0Z");
  });
});
