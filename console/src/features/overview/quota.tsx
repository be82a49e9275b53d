import { Link } from "@tanstack/react-router";
import { count } from "@/lib/format.ts";
import { dayOf, shareOf, standingOf } from "@/lib/limits.ts";
import { useUsage } from "@/lib/usage.ts";
import { Card, CardPart } from "@/ui/card.tsx";
import { Progress } from "@/ui/progress.tsx";

/** The encryptions of the month, where the tier limits them. If they are near the limit, `Needs` says it. */
export function Quota() {
  const { data } = useUsage();
  if (data === undefined || standingOf(data.encryptions) !== "room") return null;
  const { used, limit } = data.encryptions;
  return (
    <Card aria-label="Encryptions of this month">
      <CardPart tight className="text-dense">
        <p className="mb-1.5 flex items-baseline justify-between gap-3"><Link to="/usage" className="link font-medium">Encryptions this month</Link><span className="numeric">{count(used)} <span className="text-muted">of {count(limit ?? 0)}</span></span></p>
        <Progress share={shareOf(data.encryptions)} label="Encryptions this month" />
        <p className="mt-1.5 text-caption text-muted">begins again on {dayOf(data.period.ends)}</p>
      </CardPart>
    </Card>
  );
}
