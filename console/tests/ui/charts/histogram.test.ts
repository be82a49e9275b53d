import { describe, expect, test } from "vitest";
import { placeNames, type PlacedName } from "@/ui/charts/histogram-names.ts";
import { cutValues, overlap, shapeOf, topOf } from "@/ui/charts/histogram-shape.ts";
import { histogramSentence, histogramTable, runsOf } from "@/ui/charts/histogram.tsx";
import { linear } from "@/ui/charts/scale.ts";

const flat = (count: number) => Array.from({ length: 256 }, () => count);
/** As many samples, spread as evenly as whole numbers can. */
const even = (counts: number[]) => {
  const total = counts.reduce((sum, one) => sum + one, 0);
  return counts.map((_, value) => Math.floor(total / 256) + (value < total % 256 ? 1 : 0));
};
const hill = Array.from({ length: 256 }, (_, value) => (value === 0 ? 86_818 : Math.round(2000 + 3000 * Math.exp(-(((value - 190) / 25) ** 2)))));

describe("the axis", () => {
  test("ends at three times the rounded expected count", () => {
    const shape = shapeOf(flat(3072), flat(3072));
    expect([shape.expected, topOf(shape), shape.counted]).toEqual([3072, 9000, true]);
    expect(shape.sd).toBeCloseTo(55.3, 1);
  });

  test("counts multiples of an even spread when the sizes differ", () => {
    const shape = shapeOf(flat(23_000), flat(1055));
    expect([shape.counted, shape.expected, topOf(shape), shape.original[7], shape.encrypted[7]]).toEqual([false, 1, 3, 1, 1]);
  });

  test("survives pictures without samples", () => {
    expect(shapeOf(flat(0), flat(0)).original.every((height) => height === 0)).toBe(true);
  });

  test("cuts what is higher", () => {
    expect(cutValues(hill, 9000)).toEqual([0]);
    expect(runsOf([0, 1, 2, 9, 255])).toEqual([[0, 2], [9, 9], [255, 255]]);
  });
});

function placed(original: number[], encrypted: number[], width: number): PlacedName[] {
  const shape = shapeOf(original, encrypted);
  const frame = { left: linear([0, 256], [48, width - 8]), y: linear([0, topOf(shape)], [218, 20]), top: 20, ends: [52, width - 8] as [number, number], cutText: (value: number) => `${original[value]} at ${value} (cut)` };
  return placeNames(shape, frame);
}

const boxOf = (name: PlacedName) => ({ x: name.x, y: name.y - 12, width: name.text.length * 6.7, height: 16 });

describe("names on the curves", () => {
  test.each([678, 318])("cover neither each other nor the edge at a width of %i", (width) => {
    const names = placed(hill, even(hill), width);
    expect(names.map((name) => name.text)).toEqual(["86818 at 0 (cut)", "Your picture", "Encrypted"]);
    for (const name of names) expect(name.x + boxOf(name).width).toBeLessThanOrEqual(width);
    names.forEach((one, index) => { for (const other of names.slice(index + 1)) expect(overlap(boxOf(one), boxOf(other))).toBe(false); });
  });

  test("both are there when the picture is as flat as noise", () => {
    expect(placed(flat(3072), flat(3072), 678).map((name) => name.whose).sort()).toEqual(["encrypted", "yours"]);
  });

  test("the number of a cut bar goes above the axis where a curve is below it", () => {
    const wide = hill.map((count, value) => (value > 20 && value < 25 ? 8900 : count));
    expect(placed(wide, even(wide), 678)[0].y).toBeLessThan(20);
    expect(placed(hill, even(hill), 678)[0].y).toBeGreaterThan(20);
  });
});

test("the table and the sentence have the numbers of the drawing", () => {
  const table = histogramTable(hill, flat(3072));
  expect(table.rows).toHaveLength(256);
  expect(table.rows[0]).toEqual(["0", "86,818", "3,072"]);
  expect(histogramSentence(hill, flat(3072))).toContain("from 2,000 to 86,818 samples");
});
