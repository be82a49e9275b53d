import { Binary, Clock, FileCheck2, HardDrive, Lock, ShieldCheck } from "lucide-react";
import { ChartCard, Counts, countsTable, Timeline, timelineTable, type TimelineAttempt } from "@/ui/charts/index.ts";

const ATTEMPTS: TimelineAttempt[] = [
  {
    name: "Attempt 1",
    note: "worker stopped, lease ran out",
    stages: [
      { name: "queued", icon: Clock, from: 0, to: 0.3 },
      { name: "checked", icon: FileCheck2, from: 0.3, to: 0.6 },
      { name: "bits drawn", icon: Binary, from: 0.6, to: 1 },
      { name: "Encrypting", icon: Lock, from: 1, to: 2.2, tone: "bad" },
    ],
  },
  {
    name: "Attempt 2",
    stages: [
      { name: "queued", icon: Clock, from: 3.2, to: 3.5 },
      { name: "checked", icon: FileCheck2, from: 3.5, to: 3.8 },
      { name: "bits drawn", icon: Binary, from: 3.8, to: 4.2 },
      { name: "Encrypting", icon: Lock, from: 4.2, to: 6.5, tone: "iris" },
      { name: "authenticated", icon: ShieldCheck, from: 6.5, to: 6.9, tone: "iris" },
      { name: "Store", icon: HardDrive, from: 6.9, to: 7.5, tone: "iris" },
      { name: "Measure", icon: Clock, from: 7.5, to: 8.7 },
    ],
  },
];

const OUTCOMES = ["000", "001", "010", "011", "100", "101", "110", "111"].map((label) => ({ label, count: label === "000" ? 2011 : label === "111" ? 2085 : 0, expected: label === "000" || label === "111" ? 2048 : undefined }));

/** The charts that two pages share; the others are on the analytics pages. */
export const Charts = () => (
  <div className="grid grid-cols-[minmax(0,1fr)] gap-4 lg:grid-cols-[minmax(0,1fr)_600px]">
    <ChartCard title="Timeline" table={timelineTable(ATTEMPTS)}><Timeline attempts={ATTEMPTS} /></ChartCard>
    <ChartCard title="Counts" note="4,096 shots, q[0] rightmost; dashed: 2,048, what is expected" table={countsTable(OUTCOMES)}><Counts outcomes={OUTCOMES} /></ChartCard>
  </div>
);
