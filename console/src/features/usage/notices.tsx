import type { Usage } from "@imageshield/client";
import { bytes, count } from "@/lib/format.ts";
import { dayOf, quotasOf } from "@/lib/limits.ts";
import { Message } from "@/ui/message.tsx";

/** What is used up, or nearly: what follows, and when it is over. */
export function Notices({ usage }: { usage: Usage }) {
  const until = dayOf(usage.period.ends);
  return quotasOf(usage).filter(({ standing }) => standing === "near" || standing === "reached").map(({ key, use, standing }) => {
    const limit = use.limit ?? 0;
    const reached = standing === "reached";
    const title = key === "encryptions"
      ? (reached ? `All ${count(limit)} encryptions of this month are used.` : `${count(use.used)} of ${count(limit)} encryptions of this month are used.`)
      : (reached ? `All of the ${bytes(limit)} in the store are used.` : `${bytes(use.used)} of ${bytes(limit)} in the store are used.`);
    return <Message key={key} tone={reached ? "bad" : "warn"} title={title} link={{ to: "/pricing", text: "Compare the tiers" }}>{TEXTS[key](reached, until)}</Message>;
  });
}

const TEXTS = {
  encryptions: (reached: boolean, until: string) => `${reached ? "New ones are refused until" : "The count begins again on"} ${until}, 00:00 UTC. Decrypting is not limited. The operator can change the tier.`,
  stored_bytes: (reached: boolean) => `${reached ? "What needs room is refused until you" : "To make room,"} delete jobs in History. The operator can change the tier.`,
};
