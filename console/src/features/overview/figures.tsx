import { lastFailures, lastMedian, monthFigures } from "@/features/overview/counts.ts";
import { useDays, useWaiting } from "@/features/overview/data.ts";
import { count, plural } from "@/lib/format.ts";
import { usePools } from "@/lib/pools.ts";
import { Stats } from "@/ui/card.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

/** What the service has counted and measured for this account. */
export function Figures() {
  const trends = useDays();
  const waiting = useWaiting();
  const pools = usePools();
  if (trends.isPending) return <Skeleton><Bone className="h-[98px] w-full max-lg:h-[114px] max-md:h-[211px]" /></Skeleton>;
  if (trends.data === undefined) return <ProblemMessage error={trends.error} />;
  const { days } = trends.data;
  const month = monthFigures(days);
  const median = lastMedian(days);
  const { failed, of } = lastFailures(days);
  const queue = waiting.data;
  return (
    <Stats
      items={[
        { label: `Encrypted in ${month?.month ?? "this month"}`, value: count(month?.encrypted ?? 0), note: month?.note, chart: month && <Bars values={month.daily} /> },
        { label: "Median time", value: median?.value ?? "–", note: median?.note ?? "nothing encrypted yet" },
        { label: "Waiting now", value: queue ? `${count(queue.data.length)}${queue.has_more ? "+" : ""}` : "–", note: workersText(pools.data?.pools.length) },
        { label: "Failed in 7 days", value: count(failed), note: of === 0 ? "nothing asked for" : `of ${plural(of, "encryption")}` },
      ]}
    />
  );
}

const workersText = (processes: number | undefined): string => (processes === undefined ? "" : processes === 0 ? "no worker reports" : plural(processes, "worker process", "worker processes"));

const WIDTH = 104;
const HEIGHT = 32;

/** A bar for each of the last 30 days, today in full ink. */
function Bars({ values }: { values: number[] }) {
  const most = Math.max(1, ...values);
  const pitch = WIDTH / values.length;
  return (
    <svg role="img" aria-label={`Encrypted on each of the last ${values.length} days, today ${values.at(-1) ?? 0}`} width={WIDTH} height={HEIGHT} className="block">
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max(2, (value / most) * HEIGHT);
        return <rect key={index} x={index * pitch} y={HEIGHT - height} width={pitch - 1.2} height={height} className={index === values.length - 1 ? "fill-ink" : "fill-ink/40"} />;
      })}
    </svg>
  );
}
