/** One HTTP exchange: an answer, whatever its status, or a typed failure. */

import { joinSignals } from "./delays.ts";
import { failureOf } from "./failures.ts";
import { sendByXhr } from "./upload.ts";

/** How much of a body has left. */
export interface Sent {
  sent: number;
  total: number;
}

export interface Exchange {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | URLSearchParams | Blob | FormData | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds to the end of the answer. Forms have limits of their own. */
  timeout: number;
  onUpload?: ((progress: Sent) => void) | undefined;
  /** Only the calls of a browser's session send and take cookies. */
  credentials?: "omit" | "same-origin";
}

// The service takes an hour for an upload, and half a second for each password of a batch.
const UPLOAD_MILLISECONDS = 3_600_000;
const SILENCE_MILLISECONDS = 120_000;

/** Send a request and return the answer; forms report their progress. */
export async function exchange(request: Exchange): Promise<Response> {
  const { signal, headers } = request;
  signal?.throwIfAborted();
  try {
    // fetch says nothing about the progress of what it sends.
    const isForm = request.body instanceof FormData;
    if (isForm && typeof XMLHttpRequest !== "undefined") return await sendByXhr({ ...request, timeout: SILENCE_MILLISECONDS });
    return await sendByFetch(request, isForm ? UPLOAD_MILLISECONDS : request.timeout);
  } catch (error) {
    throw failureOf(error, signal, headers["X-Request-ID"]);
  }
}

async function sendByFetch(request: Exchange, timeout: number): Promise<Response> {
  const { method, url, headers, body, signal, credentials = "omit" } = request;
  return fetch(url, {
    method,
    headers,
    body: body ?? null,
    credentials,
    cache: "no-store",
    // The answer to a redirected POST would be that of a GET.
    redirect: "manual",
    signal: joinSignals(signal, AbortSignal.timeout(timeout)),
  });
}

/** Read the JSON of an answer. */
export async function readJson(answer: Response, signal?: AbortSignal): Promise<unknown> {
  try {
    return await answer.json();
  } catch (error) {
    throw failureOf(error, signal, answer.headers.get("X-Request-ID"));
  }
}
