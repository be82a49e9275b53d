/** Downloads: the bytes with the name that the service gives them. */

import { joinSignals, Silence } from "./delays.ts";
import { failureOf, TimedOut } from "./failures.ts";
import type { Call, Transport } from "./transport.ts";

export interface Download {
  blob: Blob;
  /** Without folders; null if the service gives none. */
  name: string | null;
}

export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** `total` is null if the service does not know it yet. */
  onDownload?: ((progress: { received: number; total: number | null }) => void) | undefined;
}

const SILENCE_MILLISECONDS = 60_000;
const DOWNLOAD_MILLISECONDS = 3_600_000;

/** Fetch a file of the service by its path, such as a job's `result_url`; with a body, by POST. */
export async function download(transport: Transport, path: string, options: DownloadOptions = {}, body?: object): Promise<Download> {
  const stalled = new AbortController();
  const silence = new Silence(SILENCE_MILLISECONDS, () => { stalled.abort(new TimedOut("The download made no progress")); });
  const signal = joinSignals(options.signal, stalled.signal);
  silence.begin();
  try {
    const answer = await transport.send({ ...request(body), path, signal, timeout: DOWNLOAD_MILLISECONDS });
    const parts = await readParts(answer, options, silence);
    const blob = new Blob(parts, { type: answer.headers.get("Content-Type") ?? "application/octet-stream" });
    return { blob, name: parseFileName(answer.headers.get("Content-Disposition")) };
  } catch (error) {
    throw failureOf(error, signal);
  } finally {
    silence.end();
  }
}

function request(body: object | undefined): Pick<Call, "method" | "headers" | "body"> {
  if (body === undefined) return { method: "GET" };
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

async function readParts(answer: Response, { onDownload }: DownloadOptions, silence: Silence): Promise<BlobPart[]> {
  const parts: BlobPart[] = [];
  const total = parseLength(answer.headers.get("Content-Length"));
  let received = 0;
  const reader = answer.body?.getReader();
  while (reader !== undefined) {
    silence.begin();
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    received += value.length;
    onDownload?.({ received, total });
  }
  return parts;
}

function parseLength(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

/** Parse the name of a `Content-Disposition` (RFC 6266, with RFC 8187's `filename*`). */
export function parseFileName(header: string | null): string | null {
  if (header === null) return null;
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1];
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]?.replaceAll(/\\(.)/g, "$1");
  const plain = /;\s*filename\s*=\s*([^";\s]+)/i.exec(header)?.[1];
  return harmlessName(decodeName(encoded) ?? quoted ?? plain ?? "");
}

function decodeName(text: string | undefined): string | null {
  try {
    return text === undefined ? null : decodeURIComponent(text);
  } catch {
    return null;
  }
}

function harmlessName(name: string): string | null {
  const last = name.replaceAll(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, "").split(/[/\\]/).at(-1) ?? "";
  return /^\.*$/.test(last) ? null : last;
}
