import type { Pool } from "@imageshield/client";
import { CREDITS } from "@/lib/pools.ts";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";

const SOURCES: { names: string[]; kind: Pool["kind"]; what: string }[] = [
  { names: ["aer"], kind: "simulated", what: "simulated" },
  { names: ["noisy-aer"], kind: "simulated", what: "simulated" },
  { names: ["ibm", "qrng"], kind: "hardware", what: "a device" },
  { names: ["os"], kind: "os", what: "the system" },
];

/** What each source is worth, the one in use marked. */
export const CreditsCard = ({ inUse }: { inUse: string[] }) => (
  <Card>
    <CardHead title="What a measured bit counts for" />
    <CardPart className="pt-1! pb-3!">
      <dl>
        {SOURCES.map(({ names, kind, what }) => (
          <div key={names[0]} className="flex items-baseline justify-between gap-3 border-hairline py-2 text-dense not-first:border-t">
            <dt className="text-muted"><code className="mr-1.5 text-ink">{names.join(", ")}</code>{what}{names.some((name) => inUse.includes(name)) && ", in use"}</dt>
            <dd className="numeric font-semibold">{CREDITS[kind].text}</dd>
          </div>
        ))}
      </dl>
    </CardPart>
  </Card>
);
