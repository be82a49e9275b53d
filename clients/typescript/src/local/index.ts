/** Decryption and encryption on this machine. */

export { decryptLocally, type LocalFiles, type LocalPicture } from "./decrypt.ts";
export { encryptLocally, type LocalEncrypted, type LocalEncryption } from "./encrypt.ts";
export { LocalFailure } from "./failures.ts";
export { localObstacle, type RunOptions } from "./running.ts";
