import { Check, Minus, type LucideIcon } from "lucide-react";
import { cx } from "@/lib/cx.ts";
import { Section } from "./section.tsx";

const DOES = [
  "An encrypted picture without its key is noise: to a mail filter, to a storage provider, to anyone.",
  "One changed bit is noticed, and then nothing is given out.",
  "Strength is 256 bits whatever the source did. If it fails, the receipt says so.",
  "The offline command line, and a page that you keep, open your pictures without this service.",
];

const DOES_NOT = [
  "A simulator’s bits are credited with zero. They are recorded, never counted on.",
  "The service sees a picture while it encrypts it. Under managed keys it can open it later: choose a password or a recipient if it must not.",
  "Statistics of noise can expose a bad cipher. They cannot prove a good one.",
  "If every key is lost, nobody can help. There is no back door for us to use.",
  "Nobody outside the project has audited the code.",
];

export function Limits() {
  return (
    <Section id="limits" title="What it does, and what it does not">
      <div className="mt-6 grid gap-x-18 gap-y-6 md:grid-cols-2">
        <Claims icon={Check} lines={DOES} label="What it does" color="text-ok" />
        <Claims icon={Minus} lines={DOES_NOT} label="What it does not" color="text-muted" />
      </div>
    </Section>
  );
}

const Claims = ({ icon: Icon, lines, label, color }: { icon: LucideIcon; lines: string[]; label: string; color: string }) => (
  <ul aria-label={label}>
    {lines.map((line) => (
      <li key={line} className="flex gap-3 border-hairline py-2.5 not-first:border-t">
        <Icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", color)} strokeWidth={1.75} />
        {line}
      </li>
    ))}
  </ul>
);
