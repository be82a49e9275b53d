import type { Analysis } from "@imageshield/client";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { cx } from "@/lib/cx.ts";
import { count, plural } from "@/lib/format.ts";
import { oneOf, upperFirst } from "@/lib/measures.ts";
import { Card } from "@/ui/card.tsx";
import { Letter } from "@/ui/letter.tsx";
import { tally, type Rule } from "./rules.ts";
import { OutcomeIcon } from "./verdict.tsx";

type Grade = Analysis["security_grade"];

/** The letter, the rules that gave it, and what each letter means. */
export function GradeCard({ grade, rules }: { grade: Grade; rules: Rule[] }) {
  return (
    <Card aria-label="Letter" className="grid md:grid-cols-[minmax(0,297fr)_minmax(0,424fr)]">
      <Summary grade={grade} />
      <div className="flex items-center border-l border-line px-5 py-5 max-md:hidden">
        <ul className="grid grid-flow-col grid-rows-[repeat(6,auto)] justify-start gap-x-8 gap-y-3 text-dense">
          {rules.map((rule) => <li key={rule.id} className="flex items-center gap-2"><OutcomeIcon outcome={rule.outcome} />{rule.name}</li>)}
          <li><a href="#rules" className="link">Values and p</a></li>
        </ul>
      </div>
      <PhoneRules rules={rules} />
    </Card>
  );
}

/** On phones only what did not pass, and the way to all of them. */
function PhoneRules({ rules }: { rules: Rule[] }) {
  const others = rules.filter((rule) => !["as_expected", "enough", "not_tested"].includes(rule.outcome));
  return (
    <div className="border-t border-line md:hidden">
      {others.length > 0 && <ul className="grid gap-1.5 px-5 pt-3 text-dense">{others.map((rule) => <li key={rule.id} className="flex items-center gap-2"><OutcomeIcon outcome={rule.outcome} />{rule.name}</li>)}</ul>}
      <a href="#rules" className="flex min-h-12 items-center justify-between px-5">
        Rules and values
        <ChevronRight aria-hidden className="size-4" strokeWidth={1.75} />
      </a>
    </div>
  );
}

function Summary({ grade }: { grade: Grade }) {
  const [asked, setAsked] = useState(grade.letter);
  const alarm = oneOf(grade.false_alarm.at_most);
  return (
    <div className="px-5 py-5">
      <div className="flex gap-4">
        <a href="#rules" aria-label="The rules that gave the letter" className="h-fit rounded-card"><Letter letter={grade.letter} size="large" /></a>
        <div className="min-w-0 pt-1.5">
          <h2 className="text-card">{tallyText(grade)}</h2>
          <p className="text-caption text-muted">What each letter means</p>
          <Scale scale={grade.scale} own={grade.letter} asked={asked} onAsk={setAsked} />
        </div>
      </div>
      <p className="mt-3 text-caption text-muted" role="status">{meaning(grade, asked)}</p>
      {alarm !== null && grade.letter !== null && <p className="mt-2 text-caption text-muted">True noise misses an A in at most 1 of {alarm} pictures.</p>}
    </div>
  );
}

function Scale({ scale, own, asked, onAsk }: { scale: Grade["scale"]; own: string | null; asked: string | null; onAsk: (letter: string) => void }) {
  return (
    <div className="mt-2 flex gap-1.5">
      {Object.keys(scale).map((letter) => (
        <button key={letter} type="button" aria-pressed={letter === asked} aria-label={`What ${letter} means`} onClick={() => { onAsk(letter); }} className={cx("flex h-[22px] min-w-[26px] items-center justify-center rounded-chip text-caption font-medium transition-colors max-md:h-9 max-md:min-w-9", letter === own ? "bg-ink text-bg" : "bg-raised text-muted hover:text-ink", letter === asked && letter !== own && "shadow-[inset_0_0_0_1.5px_var(--ink)] text-ink")}>
          {letter}
        </button>
      ))}
    </div>
  );
}

function tallyText(grade: Grade): string {
  const { passed, tested, untested } = tally(grade.rules);
  if (grade.letter === null) return "No letter";
  return untested === 0 ? `${passed} of ${tested} rules` : `${passed} of ${tested} rules, ${count(untested)} not tested`;
}

function meaning(grade: Grade, asked: string | null): string {
  if (asked === null) return grade.reason === null ? "Nothing was judged." : `${upperFirst(grade.reason)}.`;
  const own = asked === grade.letter;
  const threshold = grade.rules.find((rule) => rule.id !== "key_space")?.threshold;
  const said = `${own ? "" : `${asked}: `}${own ? upperFirst(grade.scale[asked]) : grade.scale[asked]}`;
  return own && threshold !== undefined && grade.letter === "A" ? `${said}: p at least ${threshold.toFixed(5)}.` : `${said}.`;
}

/** What the numbers do not show, beside the letter and in the same size. */
export function LimitsCard({ limits }: { limits: string[] }) {
  return (
    <section className="rounded-card border border-line bg-raised px-5 py-4">
      <h2 className="text-card">What this does not show</h2>
      <ul className="mt-3 grid gap-2.5 text-dense">
        {limits.map((limit) => <li key={limit} className="flex gap-2.5"><span aria-hidden className="text-muted">—</span>{limit}</li>)}
      </ul>
    </section>
  );
}

export const regionsNote = ({ regions }: Analysis): string | null =>
  regions === null ? null : `${plural(regions.count, "region")} encrypted, ${(regions.share_encrypted * 100).toFixed(1)} % of the picture`;
