/** CRC-32 of PNG and Adler-32 of zlib, both resumable. */

const WIDTH = 16; // bytes per step: 16 tables make a step of 16 bytes independent lookups
const TABLES = crcTables();
const ADLER = 65_521;
const ADLER_RUN = 3_800; // bytes before the sums must be reduced; below 2^31, so V8 keeps them as small integers

/** CRC-32 (PNG, third edition, annex D) of more bytes after those of `before`. */
export function crc32(data: Uint8Array, before = 0): number {
  const t = TABLES;
  const wide = data.length - (data.length % WIDTH);
  let crc = ~before;
  let i = 0;
  for (; i < wide; i += 16) {
    crc =
      t[3840 + ((crc ^ data[i]) & 255)] ^
      t[3584 + (((crc >>> 8) ^ data[i + 1]) & 255)] ^
      t[3328 + (((crc >>> 16) ^ data[i + 2]) & 255)] ^
      t[3072 + ((crc >>> 24) ^ data[i + 3])] ^
      t[2816 + data[i + 4]] ^
      t[2560 + data[i + 5]] ^
      t[2304 + data[i + 6]] ^
      t[2048 + data[i + 7]] ^
      t[1792 + data[i + 8]] ^
      t[1536 + data[i + 9]] ^
      t[1280 + data[i + 10]] ^
      t[1024 + data[i + 11]] ^
      t[768 + data[i + 12]] ^
      t[512 + data[i + 13]] ^
      t[256 + data[i + 14]] ^
      t[data[i + 15]];
  }
  for (; i < data.length; i++) crc = (crc >>> 8) ^ t[(crc ^ data[i]) & 255];
  return ~crc >>> 0;
}

/** Adler-32 (RFC 1950, section 8.2) of more bytes after those of `before`. */
export function adler32(data: Uint8Array, before = 1): number {
  let low = before & 0xffff;
  let high = before >>> 16;
  for (let at = 0; at < data.length; ) {
    const end = Math.min(data.length, at + ADLER_RUN);
    for (; at < end; at++) high += low += data[at];
    low %= ADLER;
    high %= ADLER;
  }
  return ((high << 16) | low) >>> 0;
}

function crcTables(): Int32Array {
  const tables = new Int32Array(256 * WIDTH);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) tables[i] = (tables[i - 256] >>> 8) ^ tables[tables[i - 256] & 255];
  return tables;
}
