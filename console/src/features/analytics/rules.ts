import type { Analysis } from "@imageshield/client";
import { pText, wordsOf } from "@/lib/measures.ts";

export type Outcome = "as_expected" | "unusual" | "failed" | "not_tested" | "enough" | "too_small";

/** One rule of the letter with the number that it judges. */
export interface Rule {
  id: string;
  name: string;
  technical: string;
  measured: string;
  noise: string;
  p: string;
  outcome: Outcome;
  /** Why it was not tested. */
  reason: string | null;
  /** The question that it answers, and what it does not show. */
  asks: string;
  doesNotShow: string;
}

type Test = Analysis["tests"][number];
type GradeRule = Analysis["security_grade"]["rules"][number];

const KEY_SPACE = { asks: "Are there too many keys to try them all?", doesNotShow: "How the key was chosen: a key of 256 bits behind a weak password is as weak as the password." };

/** The rules in the order of the service; each takes its number from the test of its name. */
export function rulesOf({ tests, metrics, security_grade }: Analysis): Rule[] {
  return security_grade.rules.map((rule) => {
    const test = tests.find((one) => one.id === rule.id);
    return test ? ofTest(rule, test, metrics) : ofKeySpace(rule);
  });
}

function ofTest(rule: GradeRule, test: Test, metrics: Analysis["metrics"]): Rule {
  const { name, technical, write } = wordsOf(test.id, test.name);
  return {
    id: test.id,
    name,
    technical: test.id === "mse_original_vs_encrypted" ? psnrText(metrics) : technical,
    measured: test.value === null ? "–" : write(test.value),
    noise: test.expected === null ? "–" : write(test.expected),
    p: pText(test.p_value),
    // The letter is about the rule; a second look at p < 0.001 is about the test.
    outcome: rule.passed === false ? "failed" : test.verdict,
    reason: test.reason,
    asks: test.asks,
    doesNotShow: test.does_not_show,
  };
}

function ofKeySpace(rule: GradeRule): Rule {
  const { name, technical, write } = wordsOf(rule.id, rule.name);
  return {
    id: rule.id,
    name,
    technical,
    measured: rule.value === null ? "–" : write(rule.value),
    noise: `at least ${write(rule.threshold)}`,
    p: "·",
    outcome: rule.passed === null ? "not_tested" : rule.passed ? "enough" : "too_small",
    reason: rule.reason,
    ...KEY_SPACE,
  };
}

function psnrText({ psnr_db, lossless }: Analysis["metrics"]): string {
  if (psnr_db !== null) return `PSNR ${psnr_db.toFixed(2)} dB`;
  return lossless ? "PSNR has no value, the two are equal" : "PSNR";
}

/** Each reason once, with the names of the rules that were not tested for it. */
export function reasonsOf(rules: readonly Rule[]): { reason: string; names: string[] }[] {
  const found = new Map<string, string[]>();
  for (const { reason, name, technical } of rules) {
    if (reason !== null) found.set(reason, [...(found.get(reason) ?? []), name.startsWith("…") ? technical : name]);
  }
  return [...found].map(([reason, names]) => ({ reason, names }));
}

/** "11 of 11 rules passed"; what could not be tested is counted apart. */
export function tally(rules: Analysis["security_grade"]["rules"]): { passed: number; tested: number; untested: number } {
  const tested = rules.filter((rule) => rule.passed !== null);
  return { passed: tested.filter((rule) => rule.passed).length, tested: tested.length, untested: rules.length - tested.length };
}
