import type { Trends as TrendData } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { ChartArea } from "lucide-react";
import { useState } from "react";
import { useAddress } from "@/lib/address.ts";
import { client } from "@/lib/api.ts";
import { count, duration } from "@/lib/format.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card, Stats } from "@/ui/card.tsx";
import { ChartCard, Days, daysTable } from "@/ui/charts/index.ts";
import { Segmented, type Segment } from "@/ui/choice.tsx";
import { Bone, Empty, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Stack } from "@/ui/page.tsx";
import { daysOf, firstDay, MEASURES, medianOf, rangeOf, summaryOf, type Measure } from "./trend-days.ts";

type Period = "30" | "90" | "366";
const PERIODS: Segment<Period>[] = [{ value: "30", name: "30 days" }, { value: "90", name: "90 days" }, { value: "366", name: "A year" }];
export function Trends() {
  const [search, change] = useAddress();
  const period = PERIODS.find((one) => one.value === search.days)?.value ?? "30";
  const trends = useQuery({ queryKey: ["trends", period], queryFn: ({ signal }) => client.analyses.trends({ first_day: firstDay(Number(period)) }, { signal }) });
  return (
    <Stack>
      <div><Segmented legend="Period" segments={PERIODS} value={period} onChange={(days) => { change({ days: days === "30" ? "" : days }); }} /></div>
      {trends.isPending && <Skeleton><Stack><Bone className="h-[100px] rounded-card" /><Bone className="h-[260px] rounded-card" /></Stack></Skeleton>}
      {trends.isError && <ProblemMessage error={trends.error} />}
      {trends.data && <Shown trends={trends.data} />}
    </Stack>
  );
}

const milliseconds = (value: number): string => (value === 0 ? "0" : duration(value / 1000));

function Shown({ trends: { days } }: { trends: TrendData }) {
  const summary = summaryOf(days);
  if (summary.jobs === 0 && summary.analyses === 0) {
    return <Card><Empty icon={ChartArea} title="Nothing was encrypted in this period" action={<ButtonLink to="/encrypt">Encrypt a picture</ButtonLink>}>Days appear here as soon as there are some.</Empty></Card>;
  }
  const accepted = daysOf(days, (day) => day.encryptions.jobs, (day) => day.encryptions.failed);
  const times = daysOf(days, (day) => day.encryptions.duration_ms);
  const time = medianOf(times);
  return (
    <>
      <Stats
        items={[
          { label: "Encrypted", value: count(summary.completed), note: summary.failed > 0 ? `${count(summary.failed)} failed` : "none failed" },
          { label: "Measured", value: count(summary.analyses), note: "as a whole picture" },
          { label: "Letters", value: summary.letters === "" ? "–" : summary.letters, note: "true noise has an A in 9,999 of 10,000" },
          { label: "Time to encrypt", value: time === null ? "–" : milliseconds(time), note: "median of the days" },
        ]}
      />
      <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4 max-md:gap-3 lg:grid-cols-2">
        <ChartCard title="Pictures a day" note="Jobs that were accepted; days in UTC" table={daysTable("Pictures a day", "Accepted", accepted, count)}>
          <Days name="Pictures a day" days={accepted} as="bars" format={count} />
        </ChartCard>
        <ChartCard title="Time to encrypt" note="Median of the day, from a worker's start to the end" table={daysTable("Time to encrypt, median of the day", "Median", times, milliseconds)}>
          <Days name="Time to encrypt" days={times} as="line" format={milliseconds} />
        </ChartCard>
      </div>
      <MeasureCard days={days} />
    </>
  );
}

const SEGMENTS: Segment<Measure["key"]>[] = MEASURES.map(({ key, short }) => ({ value: key, name: short }));

function MeasureCard({ days }: { days: TrendData["days"] }) {
  const [key, setKey] = useState<Measure["key"]>("chi_square_p");
  const measure = MEASURES.find((one) => one.key === key) ?? MEASURES[0];
  const values = daysOf(days, (day) => day.medians[measure.key]);
  return (
    <ChartCard
      title={measure.title}
      note={measure.note}
      aside={<Segmented legend="Measure" segments={SEGMENTS} value={key} onChange={setKey} />}
      table={daysTable(measure.title, "Median", values, measure.write)}
      foot="Only encrypted pictures are in these medians, never an original. A day that is off may be chance."
    >
      <Days name={measure.title} days={values} as="line" format={measure.write} range={rangeOf(measure, values)} expected={{ value: measure.expected, text: measure.noise }} />
    </ChartCard>
  );
}
