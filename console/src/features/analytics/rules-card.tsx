import { duration } from "@/lib/format.ts";
import { usePhone } from "@/lib/hooks.ts";
import { upperFirst } from "@/lib/measures.ts";
import { Card, CardHead } from "@/ui/card.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Hint } from "@/ui/tooltip.tsx";
import { reasonsOf, type Rule } from "./rules.ts";
import { Verdict } from "./verdict.tsx";

const P = "p: how often noise is at least as far off";

const COLUMNS: Column<Rule>[] = [
  { key: "rule", head: "Rule", phone: "name", cell: (rule) => <RuleName rule={rule} /> },
  { key: "measured", head: "Measured", right: true, cell: (rule) => <Fact name="measured">{rule.measured}</Fact> },
  { key: "noise", head: "Noise", right: true, cell: (rule) => <Fact name="noise">{rule.noise}</Fact> },
  { key: "p", head: "p", right: true, width: "96px", cell: (rule) => <Fact name="p">{rule.p}</Fact> },
  { key: "verdict", head: "Verdict", phone: "badge", width: "220px", cell: (rule) => <Verdict outcome={rule.outcome} /> },
];

/** The rules that gave the letter: what was measured, what noise would give, and how often noise is as far off. */
export function RulesCard({ rules, letter, milliseconds }: { rules: Rule[]; letter: string | null; milliseconds: number | null }) {
  const phone = usePhone();
  return (
    <div id="rules" className="min-w-0 scroll-mt-20">
      <Card>
        <CardHead lined title={letter === null ? "Rules of the letter, none given" : "Rules that gave the letter"} {...(phone ? { note: P } : { aside: <span className="text-caption text-muted">{P}</span> })} />
        <Table caption="Rules that gave the letter" columns={COLUMNS} rows={rules} rowKey={(rule) => rule.id} />
        <Foot rules={rules} milliseconds={milliseconds} />
      </Card>
    </div>
  );
}

function Foot({ rules, milliseconds }: { rules: Rule[]; milliseconds: number | null }) {
  const reasons = reasonsOf(rules);
  if (reasons.length === 0 && milliseconds === null) return null;
  return (
    <div className="grid gap-1 border-t border-line px-5 py-3 text-caption text-muted max-md:px-4">
      {reasons.map(({ reason, names }) => <p key={reason}>Not tested: {names.join(", ")}. {upperFirst(reason)}.</p>)}
      {milliseconds !== null && <p className="numeric">Measuring took {duration(milliseconds / 1000)}.</p>}
    </div>
  );
}

const RuleName = ({ rule }: { rule: Rule }) => (
  <span className="whitespace-nowrap max-md:whitespace-normal">
    <Hint text={<>{rule.asks} <span className="mt-1 block opacity-80">Does not show: {rule.doesNotShow}</span></>}>
      <span className="font-medium">{rule.name}</span>
    </Hint>{" "}
    <span className="text-dense text-muted">{rule.technical}</span>
  </span>
);

/** In the card of a phone a number needs its name. */
const Fact = ({ name, children }: { name: string; children: string }) => <><span className="md:hidden">{name} </span>{children}</>;
