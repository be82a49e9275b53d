import type { Delivery, Webhook } from "@imageshield/client";

type Attempt = Delivery["attempts"][number];

/** What became of an attempt, where there is no status code. */
const OUTCOMES: Record<string, string> = {
  redirect: "Redirect",
  timeout: "No answer in 10 s",
  connection: "No connection",
  tls: "No valid certificate",
  protocol: "Not HTTP",
  address: "Address refused",
  interrupted: "Sender stopped",
  unavailable: "Not sent",
};

export const isDelivered = ({ outcome }: Attempt): boolean => outcome === "delivered";

/** `200`, `503`, `No connection`, `Sending`. */
export function outcomeOf({ outcome, status_code }: Attempt): string {
  if (status_code !== null) return String(status_code);
  return outcome === null ? "Sending" : (OUTCOMES[outcome] ?? outcome);
}

/** `https://api.clinic.example/hooks`; the default endpoint has no address of its own. */
export const addressOf = ({ url }: Pick<Webhook, "url">): string => url ?? "The webhook_url of each request";

export const EVENTS: Record<string, string> = {
  "job.completed": "A job has completed",
  "job.failed": "A job has failed",
  "job.cancelled": "A job was cancelled",
  "batch.completed": "The last job of a batch has ended",
};
