import type { Usage } from "@imageshield/client";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useAddress } from "@/lib/address.ts";
import { present } from "@/lib/clock.ts";
import { count } from "@/lib/format.ts";
import { usePhone } from "@/lib/hooks.ts";
import { useUsage } from "@/lib/usage.ts";
import { IconButton } from "@/ui/button.tsx";
import { ChartCard, Days, daysTable } from "@/ui/charts/index.ts";
import { Segmented } from "@/ui/choice.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { dateOf, dayBefore, daysOf, kindsOf, noteOf, spanOf, VIEWS } from "./days.ts";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const HEIGHT = { phone: 220, wide: 266 };

/** The month of today, or another one of the address, as a picture. */
export function Month() {
  const [search, change] = useAddress();
  const period = typeof search.month === "string" && DATE.test(search.month) ? search.month : "";
  const { data, error } = useUsage(period);
  if (data) return <Shown usage={data} chosen={search.show} onView={(show) => { change({ show }); }} onMonth={(month) => { change({ month }); }} />;
  return error ? <ProblemMessage error={error} /> : <Skeleton><Bone className="h-[416px] rounded-card" /></Skeleton>;
}

interface Props {
  usage: Usage;
  chosen: unknown;
  onView: (view: string) => void;
  onMonth: (day: string) => void;
}

function Shown({ usage, chosen, onView, onMonth }: Props) {
  const phone = usePhone();
  const today = dateOf(present());
  const view = VIEWS.find(({ value }) => value === chosen) ?? VIEWS[0];
  const days = daysOf(usage, view.value, today);
  const { limit } = usage.encryptions;
  const quota = view.value === "sum" && limit !== null ? { expected: { value: limit, text: `the quota: ${count(limit)}` } } : {};
  const isNow = today < usage.period.ends;
  return (
    <ChartCard
      title={view.title}
      note={noteOf(usage, view.value, today)}
      aside={<Segmented legend="What is shown" segments={VIEWS} value={view.value} onChange={(value) => { onView(value === "days" ? "" : value); }} />}
      table={daysTable(`${view.title}, ${spanOf(usage)}`, view.column, days, count)}
      foot={<Foot usage={usage} isNow={isNow} onMonth={onMonth} />}
    >
      <Days name={view.title} days={days} as={view.value === "sum" ? "line" : "bars"} format={count} height={phone ? HEIGHT.phone : HEIGHT.wide} marked={today} empty="still to come" {...quota} />
    </ChartCard>
  );
}

/** Which month it is, what its jobs were, and the way to another month. */
function Foot({ usage, isNow, onMonth }: { usage: Usage; isNow: boolean; onMonth: (day: string) => void }) {
  const kinds = kindsOf(usage);
  return (
    <div className="flex items-center justify-between gap-3">
      <p aria-live="polite"><span className="numeric font-medium text-ink">{spanOf(usage)}</span> · {kinds.length === 0 ? "no jobs" : kinds.map(({ name, jobs }) => `${count(jobs)} ${name}`).join(", ")}. What failed or was cancelled does not count.</p>
      <span className="flex shrink-0 gap-1">
        <IconButton bordered icon={ChevronLeft} label="The month before" onClick={() => { onMonth(dayBefore(usage.period.starts)); }} />
        <IconButton bordered icon={ChevronRight} label="The month after" disabled={isNow} onClick={() => { onMonth(usage.period.ends); }} className="disabled:opacity-40" />
      </span>
    </div>
  );
}
