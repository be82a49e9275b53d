import { describe, expect, it } from "vitest";
import { mediaTypeOf } from "../../src/format/media-types.ts";
import { harmlessName, withSuffixOf } from "../../src/format/names.ts";

/** The cases of tests/core/image/test_names.py. */
const KEPT: readonly (readonly [string | null, string | null])[] = [
  ...([[null, null], ["", null], [".", null], ["..", null], [". .", null], ["-- .", null], ["\u200b\u3164", null], ["/", null]] as const),
  ["photo.jpg", "photo.jpg"],
  ["Émile's photo (1).JPG", "Émile's photo (1).JPG"],
  ["A\u0308rztebrief 2024.png", "Ärztebrief 2024.png"],
  ["9.41.00\u202fAM.png", "9.41.00\u202fAM.png"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Users\\me\\photo.png", "photo.png"],
  [".bashrc", "bashrc"],
  ["...hidden.png", "hidden.png"],
  [".\u00a0.bash_login", "bash_login"],
  ["\u200b.\u034f-\u0301.bashrc", "bashrc"],
  ["-rf.png", "rf.png"],
  ["—rf.png", "rf.png"],
  ["a\u0000b\u001b[31m\r\n.png", "ab[31m.png"],
  ["\u202egnp.exe", "gnp.exe"],
  ["one\u2028two.png", "onetwo.png"],
  ["a\ud800b.png", "a\ufffdb.png"],
  ["\ue000.png", "\ufffd.png"],
  ["photo.png:evil.exe", "photo.png_evil.exe"],
  ["  spaced.png  ", "spaced.png"],
  ["photo.png. .", "photo.png"],
  ["con", "_con"],
  ["NUL.png", "_NUL.png"],
  ["com1 .tar.gz", "_com1 .tar.gz"],
  ["LPT².png", "_LPT².png"],
  ["CONIN$", "_CONIN$"],
  ["console.png", "console.png"],
  ["家族.png", "家族.png"],
];

describe("a harmless name", () => {
  it.each(KEPT)("of %j is %j", (name, kept) => {
    expect(harmlessName(name)).toBe(kept);
    expect(harmlessName(kept)).toBe(kept);
  });

  it.each([`${"é".repeat(500)}.png`, `a.${"b".repeat(5_000)}`, `CON${" ".repeat(300)}x.png`, `CON.${"a".repeat(251)}`])(
    "has at most 255 bytes and stays harmless",
    (name) => {
      const kept = harmlessName(name) ?? "";
      expect(new TextEncoder().encode(kept).length).toBeLessThanOrEqual(255);
      expect(kept.split(".")[0].trim().toUpperCase()).not.toBe("CON");
      expect(harmlessName(kept)).toBe(kept);
    },
  );
});

describe("a suffix", () => {
  it.each([
    [null, "image/png", "image.png"],
    ["photo.jpg", "image/png", "photo.png"],
    ["photo.JPEG", "image/jpeg", "photo.JPEG"],
    ["photo.exe", "image/png", "photo.exe.png"],
    ["photo", "image/tiff", "photo.tif"],
    ["photo.heic", "application/octet-stream", "photo.heic"],
    ["photo.exe", "application/octet-stream", "photo.exe.bin"],
    ["photo", "application/octet-stream", "photo.bin"],
  ])("of %j as %s makes it %s", (name, type, suffixed) => {
    expect(withSuffixOf(name, type)).toBe(suffixed);
  });
});

describe("the media type", () => {
  const other = { format: "OTHER", mode: null, bit_depth: null, file_name: null, rebuild: null } as const;

  it.each([
    ["image/heic", "image/heic"],
    ["text/html", "application/octet-stream"],
    ["toString", "application/octet-stream"],
    [null, "application/octet-stream"],
  ])("of a file that was not decoded: %s is served as %s", (named, served) => {
    expect(mediaTypeOf({ ...other, media_type: named })).toBe(served);
  });
});
