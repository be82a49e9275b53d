import { Check, X } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

export interface Step {
  key: string;
  title: ReactNode;
  note?: ReactNode;
  /** "3.1 s", or "about 0.4 s" before it happens. */
  time?: ReactNode;
  state: "done" | "active" | "waiting" | "failed";
}

const CIRCLES: Record<Step["state"], string> = {
  done: "bg-ok-tint text-ok",
  active: "border-2 border-iris",
  waiting: "border border-control",
  failed: "bg-bad-tint text-bad",
};

/** Stages below each other: tick, ring with a dot, empty. The stage that runs is announced, its percentages are not. */
export function Steps({ steps }: { steps: Step[] }) {
  const active = steps.find((step) => step.state === "active");
  return (
    <>
      <ol>
        {steps.map((step, index) => (
          <li key={step.key} aria-current={step.state === "active" ? "step" : undefined} className="relative flex gap-3 pb-3.5 last:pb-0">
            {index < steps.length - 1 && <span aria-hidden className={cx("absolute top-6 bottom-0.5 left-[10.5px] w-px", step.state === "done" ? "bg-ok" : "bg-line")} />}
            <span className={cx("flex size-[22px] shrink-0 items-center justify-center rounded-full", CIRCLES[step.state])}>
              {step.state === "done" && <Check aria-label="done" className="size-3" strokeWidth={2.5} />}
              {step.state === "failed" && <X aria-label="failed" className="size-3" strokeWidth={2.5} />}
              {step.state === "active" && <span aria-hidden className="size-2 rounded-full bg-iris" />}
            </span>
            <span className={cx("min-w-0 flex-1", step.state === "waiting" && "text-muted")}>
              <span className="flex min-h-[22px] items-center justify-between gap-3">
                <span className={cx(step.state !== "waiting" && "font-medium")}>{step.title}</span>
                <span className={cx("numeric text-dense whitespace-nowrap", step.state === "active" ? "font-medium" : "text-muted")}>{step.time}</span>
              </span>
              {step.note && <span className="block text-caption text-muted">{step.note}</span>}
            </span>
          </li>
        ))}
      </ol>
      <p role="status" className="sr-only">{active?.title}</p>
    </>
  );
}
