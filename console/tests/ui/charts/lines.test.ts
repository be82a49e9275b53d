import { describe, expect, test } from "vitest";
import { criticalSentence, criticalTable } from "@/ui/charts/critical-line.tsx";
import { deviationsSentence, deviationsTable } from "@/ui/charts/deviations.tsx";
import { entropySentence, entropyTable } from "@/ui/charts/entropy-axis.tsx";
import { axisEnd, gapBits, inUnit, likeGap, unitOf, type EntropyGap } from "@/ui/charts/entropy-gap.ts";

// 512 × 512 RGB: 8 - H of noise is 255 q / (2 n ln 2), as docs/reference/analysis.md has it.
const noise: EntropyGap = { encrypted: 0.000205, original: 0.528176, expected: 0.000234, spread: 0.000041 };

describe("bits missing to 8", () => {
  test("the unit gives noise at least two digits", () => {
    expect([unitOf(noise).name, unitOf({ ...noise, expected: 0.0112 }).name, unitOf({ ...noise, expected: 2.4e-6 }).name]).toEqual(["millionths of a bit", "thousandths of a bit", "billionths of a bit"]);
  });

  test("the axis ends at 350 millionths for noise of 234", () => {
    expect(axisEnd(noise)).toBeCloseTo(350e-6, 9);
  });

  test("the axis grows for a picture that is not far off, and breaks for one that is", () => {
    expect(axisEnd({ ...noise, encrypted: 0.0005 })).toBeGreaterThan(0.0005);
    expect(axisEnd({ ...noise, encrypted: 0.44 })).toBeCloseTo(350e-6, 9);
  });

  test("without noise the picture decides alone", () => {
    expect(axisEnd({ encrypted: 2, original: 3, expected: null, spread: null })).toBe(3);
    expect(axisEnd({ encrypted: 0, original: 0, expected: null, spread: null })).toBeGreaterThan(0);
  });

  test("numbers have three digits that say something", () => {
    expect([gapBits(0.000205), gapBits(0.441265), gapBits(1.292), gapBits(0)]).toEqual(["0.000205", "0.441", "1.29", "0"]);
    expect(likeGap(0.0000414, 0.000234)).toBe("0.000041");
    expect([inUnit(0.528176, unitOf(noise)), inUnit(2.34e-6, unitOf(noise))]).toEqual(["528,176", "2.3"]);
  });

  test("sentence and table name all three", () => {
    expect(entropySentence(noise)).toBe("Bits per byte missing to 8: encrypted 0.000205, noise 0.000234 ± 0.000041, your picture 0.528.");
    expect(entropyTable(noise).rows.map((row) => row[2])).toEqual(["7.999795", "7.999766", "7.471824"]);
    expect(entropySentence({ ...noise, expected: null, spread: null })).toContain("noise not compared");
  });
});

describe("critical values", () => {
  const npcr = { value: 99.5993, expected: 99.609375, sd: 0.00703, bounds: { "0.05": 99.5978, "0.01": 99.593, "0.001": 99.5876 } };
  const uaci = { value: 33.4602, expected: 33.46354, sd: 0.0267, bounds: { "0.05": [33.4112, 33.5158], "0.01": [33.3948, 33.5323] } };

  test("one bound is a least value, two are a range, none is a dash", () => {
    expect(criticalTable([{ name: "NPCR", critical: npcr }, { name: "UACI", critical: uaci }]).rows).toEqual([
      ["Measured", "99.5993", "33.4602"],
      ["Noise", "99.6094 ± 0.0070", "33.4635 ± 0.0267"],
      ["α = .05", "≥ 99.5978", "33.4112 to 33.5158"],
      ["α = .01", "≥ 99.5930", "33.3948 to 33.5323"],
      ["α = .001", "≥ 99.5876", "–"],
    ]);
  });

  test("the sentence says how far off it is", () => {
    expect(criticalSentence(npcr, "Share that differs")).toContain("1.4 standard deviations off");
  });
});

describe("deviations", () => {
  const rows = [{ name: "Entropy", deviations: [{ of: "a.png", by: 0.5, text: "7.99" }, { of: "b.png", by: -3, text: "7.98" }] }, { name: "MSE", deviations: [] }];

  test("the sentence counts what is inside", () => {
    expect(deviationsSentence(rows)).toMatch(/^Of 2 numbers, 1 are within 1.96 .* the farthest is 3.0 off/);
    expect(deviationsSentence([])).toBe("No number of these jobs was compared with noise.");
  });

  test("the table has one row a number", () => {
    expect(deviationsTable(rows).rows).toEqual([["Entropy", "a.png", "7.99", "+0.50 sd"], ["Entropy", "b.png", "7.98", "−3.00 sd"]]);
  });
});
