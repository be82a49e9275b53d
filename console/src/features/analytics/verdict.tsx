import { Check, Minus, TriangleAlert, X, type LucideIcon } from "lucide-react";
import type { Outcome } from "./rules.ts";

const LOOKS: Record<Outcome, { icon: LucideIcon; text: string; tone: string }> = {
  as_expected: { icon: Check, text: "As expected", tone: "text-ok" },
  enough: { icon: Check, text: "Enough", tone: "text-ok" },
  unusual: { icon: TriangleAlert, text: "Unusual", tone: "text-warn" },
  failed: { icon: X, text: "Failed", tone: "text-bad" },
  too_small: { icon: X, text: "Too small", tone: "text-bad" },
  not_tested: { icon: Minus, text: "Not tested", tone: "text-muted" },
};

export const outcomeText = (outcome: Outcome): string => LOOKS[outcome].text;

export function OutcomeIcon({ outcome }: { outcome: Outcome }) {
  const { icon: Icon, text, tone } = LOOKS[outcome];
  return <Icon role="img" aria-label={text} className={`size-4 shrink-0 ${tone}`} strokeWidth={1.75} />;
}

/** The verdict of a rule: icon and word. */
export function Verdict({ outcome }: { outcome: Outcome }) {
  const { icon: Icon, text, tone } = LOOKS[outcome];
  return (
    <span className="inline-flex items-center gap-2 text-dense whitespace-nowrap">
      <Icon aria-hidden className={`size-4 shrink-0 ${tone}`} strokeWidth={1.75} />
      {text}
    </span>
  );
}
