/**
 * The failures of the format. `code` is the problem code of the API, which may be shown to anybody; `failure` names the
 * step in the test vectors (docs/reference/format.md, "Errors").
 *
 * FormatError
 * ├── InsecureContext        the browser offers no cryptography to this page
 * ├── ImageError             the given picture is not accepted
 * │   ├── ImageEmpty · UnsupportedFormat · NotEncrypted · FileTooLarge · TooManyPixels
 * │   └── ImageCorrupt · LayoutNotExact · RegionInvalid
 * ├── HeaderMissing          a sound PNG without the chunk qsIS: saved again, or never encrypted
 * ├── PictureConverted       detached: another program has changed the size or kind of the encrypted image
 * ├── KeyFileInvalid         not a canonical key file, or a parameter over its cap
 * ├── KeyFileTooCostly       the passphrase costs more than this device can give
 * ├── RecipientUnfit         a text that is no key of a recipient
 * ├── MaterialRequired       an image of `maximum`, and no material was given
 * ├── PassphraseUnfit        a passphrase that nothing can be encrypted with
 * └── DecryptionError        one answer outside for all of them, but for a later version
 *     ├── HeaderInvalid      framing, checksum or geometry that no writer writes
 *     │   └── LaterVersion
 *     ├── NoMatch            no stanza opens with what was given
 *     ├── CommitmentMismatch the key belongs to another image
 *     ├── MacMismatch        image, key file or material were changed
 *     │   └── LaterMaterial
 *     └── PayloadInvalid     authentic, but it contradicts its metadata
 */

/** The name of a step in the test vectors. */
export type Failure =
  | ("header missing" | "converted" | "damaged" | "key file")
  | ("header" | "no match" | "commitment" | "mac" | "payload");

export abstract class FormatError extends Error {
  abstract readonly code: string;
  readonly failure: Failure | null = null;
  override readonly name = "FormatError";
}

export class InsecureContext extends FormatError {
  readonly code = "insecure-context";
}

export abstract class ImageError extends FormatError {}

export class ImageEmpty extends ImageError {
  readonly code = "image-empty";
}

export class UnsupportedFormat extends ImageError {
  readonly code = "unsupported-format";
}

/** The file to decrypt is not a PNG; the message says what it is. */
export class NotEncrypted extends UnsupportedFormat {}

export class FileTooLarge extends ImageError {
  readonly code = "file-too-large";
}

export class TooManyPixels extends ImageError {
  readonly code = "too-many-pixels";
}

export class ImageCorrupt extends ImageError {
  readonly code = "image-corrupt";
  override readonly failure = "damaged";
}

export class LayoutNotExact extends ImageError {
  readonly code = "layout-not-exact";
}

export class RegionInvalid extends ImageError {
  readonly code = "region-invalid";
}

export class HeaderMissing extends FormatError {
  readonly code = "header-missing";
  override readonly failure = "header missing";
}

export class PictureConverted extends FormatError {
  readonly code = "picture-converted";
  override readonly failure = "converted";
}

export class KeyFileInvalid extends FormatError {
  readonly code = "key-file-invalid";
  override readonly failure = "key file";
}

export class KeyFileTooCostly extends FormatError {
  readonly code = "key-file-too-costly";
}

/** The message never quotes the text. */
export class RecipientUnfit extends FormatError {
  readonly code = "validation-failed";
}

export class MaterialRequired extends FormatError {
  readonly code = "material-required";
}

/** The message never quotes the passphrase. */
export class PassphraseUnfit extends FormatError {
  readonly code = "validation-failed";
}

export abstract class DecryptionError extends FormatError {
  readonly code: "decryption-failed" | "later-version" = "decryption-failed";
  abstract override readonly failure: Failure;
}

export class HeaderInvalid extends DecryptionError {
  override readonly failure = "header";
}

export class LaterVersion extends HeaderInvalid {
  override readonly code = "later-version";

  constructor(version: number) {
    super(`The encrypted image was made by a later version of the format (${version})`);
  }
}

export class NoMatch extends DecryptionError {
  override readonly failure = "no match";
}

export class CommitmentMismatch extends DecryptionError {
  override readonly failure = "commitment";
}

export class MacMismatch extends DecryptionError {
  override readonly failure = "mac";
}

export class LaterMaterial extends MacMismatch {
  override readonly code = "later-version";

  constructor(version: number) {
    super(`The material file was made by a later version of the format (${version})`);
  }
}

export class PayloadInvalid extends DecryptionError {
  override readonly failure = "payload";
}
