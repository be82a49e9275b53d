import { expect, test } from "vitest";
import { lowerFirst, oneOf, pText, signed, upperFirst, wordsOf } from "@/lib/measures.ts";

test("p has two digits where it is large and says what it can where it is small", () => {
  expect([1, 0.93, 0.0499, 0.0041, 0.00012, 0.0000099, null].map(pText)).toEqual(["1.00", "0.93", "0.05", "0.0041", "0.00012", "< 0.00001", "–"]);
});

test("numbers have a minus sign, and no sign where they round to zero", () => {
  expect([signed(-0.00135, 5), signed(0.00056, 5, true), signed(-0.000001, 5, true)]).toEqual(["−0.00135", "+0.00056", "0.00000"]);
});

test("one of so many is rounded down, and nothing is promised of no test", () => {
  expect([oneOf(0.0001), oneOf(7e-5), oneOf(0)]).toEqual(["10,000", "14,000", null]);
});

test("each measure is written with its digits and unit", () => {
  expect(wordsOf("entropy", "").write(7.9997791)).toBe("7.999779");
  expect(wordsOf("npcr_between_ciphertexts", "").write(99.610265)).toBe("99.6103 %");
  expect(wordsOf("correlation_vertical", "").write(0)).toBe("0");
  expect(wordsOf("mse_original_vs_encrypted", "").write(12232.8957)).toBe("12,232.9");
});

test("a measure of a newer service keeps the name of the service", () => {
  expect(wordsOf("constructor", "New test").name).toBe("New test");
});

test("sentences begin and go on", () => {
  expect([upperFirst("one test"), lowerFirst("Strength: a low PSNR")]).toEqual(["One test", "strength: a low PSNR"]);
});
