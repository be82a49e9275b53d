/** What a driver asks of the test page, in `tasks.json` beside it, and what the page answers to `report`. */

export type Task = VectorsTask | TimeTask;

/** The vectors of tests/vectors in Base64, by folder and name. */
export interface VectorsTask {
  readonly kind: "vectors";
  readonly vectors: Readonly<Record<"images" | "key_files" | "detached", Record<string, string>>>;
}

/** A decryption, of files beside the page. */
export interface TimeTask {
  readonly kind: "time";
  readonly image: string;
  readonly keyFile: string;
}

export interface Timing {
  readonly ms: number;
  /** When each stage ended, in milliseconds from the beginning. */
  readonly ends: Readonly<Record<string, number>>;
  readonly samples: number;
}

/** The value of a task; of a decryption with the longest pause of the page meanwhile, in milliseconds. */
export type Answer = { readonly value: unknown; readonly longestPause: number } | { readonly error: string };
