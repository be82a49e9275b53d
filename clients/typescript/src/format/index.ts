/** The format of ImageShield: encrypted images and key files (docs/reference/format.md), without a server. */

export type { Bytes } from "./bytes.ts";
export { decrypt, type Decrypted, type DecryptOptions, type Sealed } from "./decrypt.ts";
export { encryptImage, type EncryptedImage, type EncryptOptions, newKeyId } from "./encrypt.ts";
export * from "./failures.ts";
export { frameSize } from "./framing.ts";
export { FRONT_BYTES, type Front, parseFront, readFront } from "./front.ts";
export type { Header, Layout, Purity } from "./header.ts";
export { examine, type Facts } from "./intake/facts.ts";
export { type FileKind, isEncryptedImage, recognize } from "./intake/sniff.ts";
export { type KeyFile, parseKeyFile } from "./keyfile.ts";
export type { PaceOptions, Progress, Stage } from "./pace.ts";
export { isAbout, parseReceipt, type Receipt, ReceiptInvalid } from "./receipt.ts";
export { checkSignatures, readReceiptKeys, type ReceiptKeys, type SignatureResult } from "./receipt-keys.ts";
export { nameOf } from "./recognition.ts";
export { PublicKey, SecretKey } from "./recipients.ts";
export type { Region } from "./regions.ts";
export { restoreKeyFile } from "./respelled.ts";
export type { Secrets } from "./stanzas.ts";
export { passphraseWrap, recipientWrap, type Wrap } from "./wraps.ts";
