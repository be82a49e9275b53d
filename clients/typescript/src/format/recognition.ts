/** The kind of a file by its first bytes, for messages that name a file in the wrong place. */

export interface Kind {
  /** With its article: "a JPEG". */
  readonly kind: string;
  readonly isPicture: boolean;
}

const LOOKED_AT = 1024; // the first three lines of a key file name the format, in any spelling
const KEY_FILE = /^(?:\u00ef\u00bb\u00bf)?\s*\{[\s\S]*"imageshield-key-file"/;

const BEGINNINGS: readonly (readonly [RegExp, string, boolean])[] = [
  [/^\x89PNG\r\n\x1a\n/, "a PNG", true],
  [/^\xff\xd8\xff/, "a JPEG", true],
  [/^GIF8/, "a GIF", true],
  [/^BM/, "a BMP", true],
  [/^(?:II\*\0|MM\0\*)/, "a TIFF", true],
  [/^RIFF[\s\S]{4}WEBP/, "a WebP", true],
  [/^[\s\S]{4}ftyp/, "a HEIC or AVIF", true],
  [KEY_FILE, "a key file", false],
  [/^QSMT/, "a material file", false],
  [/^QSIS/, "the header of an encrypted image", false],
  [/^imageshield-secret-1:/, "a recipient's secret key", false],
  [/^AGE-SECRET-KEY-PQ-1/i, "a recipient's secret key", false],
  [/^(?:imageshield-public-1:|age1pq1)/i, "a recipient's public key", false],
  [/^PK\x03\x04/, "a ZIP archive", false],
  [/^%PDF-/, "a PDF", false],
];

/** The kind of a file, or null if it is not known. */
export function nameOf(data: Uint8Array): Kind | null {
  const start = String.fromCharCode(...data.subarray(0, LOOKED_AT));
  const [, kind, isPicture] = BEGINNINGS.find(([beginning]) => beginning.test(start)) ?? [null, null, false];
  return kind === null ? null : { kind, isPicture };
}
