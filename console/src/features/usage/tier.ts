import type { Tier } from "@imageshield/client";
import { bytes, count } from "@/lib/format.ts";

/** The service's, in every tier. */
const BATCH = 100;

const atMost = (limit: number | null, write = count): string => (limit === null ? "no limit" : write(limit));
const aMinute = (limit: number | null): string => (limit === null ? "no limit" : `${count(limit)} a minute`);

/** The limits of a tier as words, by what a person does. */
export const linesOf = (tier: Tier): { name: string; value: string }[] => [
  { name: "Largest picture", value: tier.file_bytes === null ? "that of the service" : bytes(tier.file_bytes) },
  { name: "Pictures in a batch", value: count(BATCH) },
  { name: "Purities", value: tier.purities.join(", ") },
  { name: "Analysis", value: tier.analytics === "full" ? "of every picture" : "of its own encryptions" },
  { name: "Uploads at once", value: atMost(tier.uploads_at_once) },
  { name: "Followed live at once", value: tier.sockets_at_once === null && tier.streams_at_once === null ? "no limit" : `${atMost(tier.sockets_at_once)} by socket, ${atMost(tier.streams_at_once)} by stream` },
  { name: "Requests of the account", value: aMinute(tier.account_requests_per_minute) },
  { name: "Requests of a user", value: aMinute(tier.user_requests_per_minute) },
  { name: "Requests of an API key", value: aMinute(tier.api_key_requests_per_minute) },
];
