/** The limits of accepted files (docs/reference/format.md, "Errors"), each checked before memory is spent. */

/** Bytes of an original. */
export const MAX_BYTES = 50_000_000;

/** Pixels of a picture in the layout `pixels`, and of every encrypted image. */
export const MAX_PIXELS = 25_000_000;

/** Pixels of a picture that is encrypted as a file and not decoded. */
export const MAX_FILE_PIXELS = 200_000_000;

/** Bytes of an encrypted image: 25 million RGBA pixels, filter bytes, checksums and metadata. */
export const MAX_ENCRYPTED_BYTES = 112_000_000;

/** Bytes of a material file: with the purity `maximum`, one bit for every bit of keystream. */
export const MAX_MATERIAL_BYTES = 320_000_000;

/** Bytes of a key file. */
export const MAX_KEY_FILE_BYTES = 1_048_576;

/** Bytes of encrypted metadata: common PNG readers refuse an ancillary chunk of 8,000,000 bytes. */
export const MAX_METADATA = 4 * 1024 * 1024;

/** Bytes of the data kept of a file in the metadata, as Base64, beside everything else. */
export const MAX_KEPT = MAX_METADATA - 64 * 1024;

/** Chunks of a PNG. */
export const MAX_CHUNKS = 65_536;

/** Rectangles of an image with regions. */
export const MAX_REGIONS = 64;

/** Stanzas of a key file. */
export const MAX_STANZAS = 20;

/** Bytes of a file name in UTF-8: the limit of common file systems. */
export const MAX_NAME_BYTES = 255;

/** Bytes of a passphrase in UTF-8, after NFC; the minimum is for encryption only. */
export const MIN_PASSPHRASE = 12;
export const MAX_PASSPHRASE = 1024;
