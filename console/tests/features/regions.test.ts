import { describe, expect, it } from "vitest";
import { draw, EMPTY, MOST_PARTS, regionsOf, type Drawing, type Step } from "@/features/encrypt/regions/drawing.ts";
import { drawBetween, fit, HANDLES, middle, move, pixelsIn, resize } from "@/features/encrypt/regions/geometry.ts";

const size = { width: 100, height: 60 };
const region = { x: 10, y: 20, width: 30, height: 10 };

describe("a rectangle that is drawn", () => {
  it("is the same from any of its corners", () => {
    for (const [from, to] of [[[10, 20], [40, 30]], [[40, 30], [10, 20]], [[40, 20], [10, 30]], [[10, 30], [40, 20]]] as const) {
      expect(drawBetween({ x: from[0], y: from[1] }, { x: to[0], y: to[1] }, size)).toEqual(region);
    }
  });

  it("ends at the border of the picture", () => {
    expect(drawBetween({ x: 90, y: 50 }, { x: 500, y: 500 }, size)).toEqual({ x: 90, y: 50, width: 10, height: 10 });
    expect(drawBetween({ x: 10, y: 10 }, { x: -50, y: -1 }, size)).toEqual({ x: 0, y: 0, width: 10, height: 10 });
  });

  it("is a square with Shift, and stays one at the border", () => {
    expect(drawBetween({ x: 10, y: 10 }, { x: 40, y: 15 }, size, true)).toEqual({ x: 10, y: 10, width: 30, height: 30 });
    expect(drawBetween({ x: 10, y: 40 }, { x: 60, y: 45 }, size, true)).toEqual({ x: 10, y: 40, width: 20, height: 20 });
  });

  it("has a pixel at least", () => {
    expect(drawBetween({ x: 5.4, y: 5.4 }, { x: 5.4, y: 5.4 }, size)).toEqual({ x: 5, y: 5, width: 1, height: 1 });
    expect(drawBetween({ x: 100, y: 60 }, { x: 100, y: 60 }, size)).toEqual({ x: 99, y: 59, width: 1, height: 1 });
  });
});

describe("a rectangle that is changed", () => {
  it("stops at the border and keeps its size", () => {
    expect(move(region, { x: 1000, y: -1000 }, size)).toEqual({ ...region, x: 70, y: 0 });
  });

  it.each(HANDLES)("stays inside and is never empty, however far %s is pulled", (handle) => {
    for (const by of [{ x: 999, y: 999 }, { x: -999, y: -999 }, { x: 3, y: -2 }]) {
      const { x, y, width, height } = resize(region, handle, by, size);
      expect(Math.min(x, y, width - 1, height - 1)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(size.width);
      expect(y + height).toBeLessThanOrEqual(size.height);
    }
  });

  it("moves only the side that a handle holds", () => {
    expect(resize(region, "w", { x: 5, y: 9 }, size)).toEqual({ x: 15, y: 20, width: 25, height: 10 });
    expect(resize(region, "se", { x: 5, y: 9 }, size)).toEqual({ x: 10, y: 20, width: 35, height: 19 });
    expect(resize(region, "nw", { x: 0, y: -10 }, size, true)).toEqual({ x: 20, y: 10, width: 20, height: 20 });
  });

  it("takes typed numbers as near as the picture allows", () => {
    expect(fit({ x: 200, y: 5, width: 0, height: 900 }, size)).toEqual({ x: 99, y: 5, width: 1, height: 55 });
    expect(fit(middle({ width: 1, height: 1 }), { width: 1, height: 1 })).toEqual({ x: 0, y: 0, width: 1, height: 1 });
  });
});

describe("the pixels of several rectangles", () => {
  it("count once where they overlap", () => {
    expect(pixelsIn([])).toBe(0);
    expect(pixelsIn([region, region])).toBe(300);
    expect(pixelsIn([{ x: 0, y: 0, width: 10, height: 10 }, { x: 5, y: 5, width: 10, height: 10 }, { x: 50, y: 0, width: 1, height: 1 }])).toBe(176);
  });

  it("are those that a count of pixels finds", () => {
    let seed = 7;
    const next = (most: number) => { seed = (seed * 48_271) % 2_147_483_647; return seed % most; };
    for (let round = 0; round < 50; round++) {
      const regions = Array.from({ length: 6 }, () => fit({ x: next(100), y: next(60), width: 1 + next(50), height: 1 + next(50) }, size));
      const counted = new Set(regions.flatMap(({ x, y, width, height }) => Array.from({ length: width * height }, (_, at) => `${x + (at % width)},${y + Math.floor(at / width)}`)));
      expect(pixelsIn(regions)).toBe(counted.size);
    }
  });
});

describe("a drawing", () => {
  const after = (...steps: Step[]): Drawing => steps.reduce(draw, EMPTY);
  const add: Step = { type: "add", region };
  const to = (x: number, gesture: string): Step => ({ type: "change", id: 1, region: { ...region, x }, gesture });

  it("takes a whole drag back at once, and two drags one by one", () => {
    const twice = after(add, to(11, "drag 1"), to(12, "drag 1"), to(20, "drag 2"));
    expect(regionsOf(draw(twice, { type: "undo" }))).toEqual([{ ...region, x: 12 }]);
    expect(regionsOf(draw(draw(twice, { type: "undo" }), { type: "undo" }))).toEqual([region]);
  });

  it("does again what was taken back, until something else is done", () => {
    const back = after(add, to(11, "nudge"), { type: "undo" });
    expect(regionsOf(draw(back, { type: "redo" }))).toEqual([{ ...region, x: 11 }]);
    expect(draw(draw(back, to(50, "nudge")), { type: "redo" }).parts[0]?.x).toBe(50);
  });

  it("selects what comes after a removed part, so that several go by one key", () => {
    const three = after(add, add, add, { type: "remove", id: 2 });
    expect(three.selected).toBe(3);
    expect(draw(three, { type: "remove", id: 3 }).selected).toBe(1);
    expect(draw(after(add), { type: "remove", id: 1 }).selected).toBeNull();
  });

  it("holds no more parts than the format", () => {
    expect(after(...Array.from({ length: MOST_PARTS + 5 }, () => add)).parts).toHaveLength(MOST_PARTS);
  });

  it("ignores what changes nothing", () => {
    expect(after(add, to(region.x, "nudge")).past).toHaveLength(1);
    expect(after({ type: "undo" }, { type: "redo" }, { type: "remove", id: 9 })).toBe(EMPTY);
  });
});
