/** The client of Quantum-Seed ImageShield. Names of the API are written here as the API writes them. */

export type { Download, DownloadOptions } from "./api/download.ts";
export { ClientError, isPassing, Offline, SignedOut, TimedOut, UnexpectedAnswer } from "./api/failures.ts";
export type { Sent } from "./api/http.ts";
export { ApiProblem, type FieldProblem, type Problem } from "./api/problem.ts";
export type { components, paths } from "./api/schema.ts";
export { Client } from "./client.ts";
export type { Connection, FollowOptions } from "./live/follow.ts";
export type { BatchMessage, BatchState, ItemState, JobMessage, JobState, Message, Status } from "./live/messages.ts";
export { isBatch, isEnded, progressOf, type State } from "./live/state.ts";
export { JobFailed, Submission, type Progress, type UploadOptions, type WaitOptions } from "./service/submission.ts";
export type * from "./service/types.ts";
export { BrowserSession, type SessionState } from "./session/browser.ts";
export { NoSession, type Proof, type Session } from "./session/session.ts";
export { TokenSession, type Credentials } from "./session/token.ts";
