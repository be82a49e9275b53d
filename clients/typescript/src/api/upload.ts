/** Uploads with progress, by XMLHttpRequest: browsers give fetch none. */

import { Silence } from "./delays.ts";
import { Offline, TimedOut } from "./failures.ts";
import type { Exchange } from "./http.ts";

const WITHOUT_BODY = new Set([204, 205, 304]);

/** Send a form and report its progress. `timeout` is the longest silence: of the upload, and then of the service. */
export function sendByXhr(request: Exchange): Promise<Response> {
  const xhr = new XMLHttpRequest();
  return new Promise<Response>((resolve, reject) => {
    const { signal } = request;
    const stop = () => { xhr.abort(); };
    const silence = new Silence(request.timeout, stop);
    let moved = 0;
    xhr.upload.onprogress = ({ loaded, total }) => {
      silence.begin();
      moved = loaded;
      request.onUpload?.({ sent: loaded, total });
    };
    xhr.onload = () => { resolve(answerOf(xhr)); };
    xhr.onerror = () => { reject(new Offline(explainCut(moved), { request_id: request.headers["X-Request-ID"] })); };
    xhr.onabort = () => { reject((signal?.aborted ? signal.reason : new TimedOut("The upload made no progress")) as Error); };
    xhr.onloadend = () => {
      silence.end();
      signal?.removeEventListener("abort", stop);
    };
    signal?.addEventListener("abort", stop, { once: true });
    open(xhr, request);
    silence.begin();
    xhr.send(request.body);
  });
}

function open(xhr: XMLHttpRequest, request: Exchange): void {
  xhr.open(request.method, request.url);
  xhr.responseType = "blob";
  for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
}

function explainCut(moved: number): string {
  if (moved === 0) return "The service cannot be reached";
  return "The connection was cut while the file was sent. If this happens again, a proxy in between may refuse files of this size";
}

function answerOf(xhr: XMLHttpRequest): Response {
  const body = WITHOUT_BODY.has(xhr.status) ? null : (xhr.response as Blob);
  return new Response(body, { status: xhr.status, headers: parseHeaders(xhr.getAllResponseHeaders()) });
}

/** Parse the lines of `getAllResponseHeaders`. */
export function parseHeaders(lines: string): Headers {
  const headers = new Headers();
  for (const line of lines.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}
