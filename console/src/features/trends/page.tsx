import { useAddress } from "@/lib/address.ts";
import { PageHead } from "@/ui/page.tsx";
import { Tabs } from "@/ui/tabs.tsx";
import { MeasuredJobs } from "./measured-jobs.tsx";
import { Trends } from "./trends.tsx";

type View = "jobs" | "trends";

export default function AnalyticsEntryPage() {
  const [search, change] = useAddress();
  const view: View = search.view === "trends" ? "trends" : "jobs";
  return (
    <>
      <PageHead title="Analytics" note="What encryption did to pictures, each number beside what noise would give." />
      <Tabs<View>
        label="Analytics"
        value={view}
        onChange={(next) => { change({ view: next === "jobs" ? "" : next }); }}
        tabs={[
          { value: "jobs", name: "Measured pictures", content: <MeasuredJobs /> },
          { value: "trends", name: "Trends", content: <Trends /> },
        ]}
      />
    </>
  );
}
