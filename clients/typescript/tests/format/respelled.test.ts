import { describe, expect, it } from "vitest";
import { type Bytes, concat, utf8 } from "../../src/format/bytes.ts";
import { restoreKeyFile } from "../../src/format/respelled.ts";
import { readVectors } from "./files.ts";

const KEY_FILES = readVectors("key_files").filter(({ name }) => name.startsWith("success")).map(({ file }) => file);
const [KEY_FILE = new Uint8Array()] = KEY_FILES;
const TEXT = new TextDecoder().decode(KEY_FILE);
const MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

const rewritten = (change: (text: string) => string) => (file: Bytes) => utf8(change(new TextDecoder().decode(file)));

describe("a key file with other white space", () => {
  it.each<[string, (file: Bytes) => Bytes]>([
    ["nothing changed", (file) => file],
    ["CRLF", rewritten((text) => text.replaceAll("\n", "\r\n"))],
    ["CR", rewritten((text) => text.replaceAll("\n", "\r"))],
    ["a byte order mark", (file) => concat(MARK, file)],
    ["tabs", rewritten((text) => text.replaceAll("  ", "\t"))],
    ["one line", rewritten((text) => JSON.stringify(JSON.parse(text)))],
    ["no last line end", rewritten((text) => text.trimEnd())],
    ["a mark, CRLF and empty lines", (file) => concat(MARK, rewritten((text) => `\n\n${text}\n\n`.replaceAll("\n", "\r\n"))(file))],
  ])("is restored: %s", (_, change) => {
    for (const file of KEY_FILES) expect(restoreKeyFile(change(file))).toEqual(file);
  });

  it.each<[string, Bytes]>([
    ["another order", utf8(JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(TEXT) as object).reverse())))],
    ["a field twice", utf8(TEXT.replace("{", '{"format": "imageshield-key-file", '))],
    ["an escape", utf8(TEXT.replace("imageshield", "\\u0069mageshield"))],
    ["a fraction", utf8(TEXT.replace('"version": 1', '"version": 1.0'))],
    ["a cut end", KEY_FILE.slice(0, -3)],
    ["something behind it", utf8(`${TEXT}x`)],
    ["UTF-16", new Uint8Array(Uint16Array.from(utf8(TEXT)).buffer)],
    ["two byte order marks", concat(MARK, MARK, KEY_FILE)],
    ["another space", utf8(TEXT.replace("\n", "\u00a0"))],
    ["nothing", new Uint8Array()],
  ])("is not restored where more was changed: %s", (_, file) => {
    expect(restoreKeyFile(file)).toBeNull();
  });
});
