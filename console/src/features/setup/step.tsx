import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

type State = "waiting" | "open" | "done";

interface Props {
  number: number;
  state: State;
  title: string;
  note: ReactNode;
  children?: ReactNode;
}

const CIRCLES: Record<State, string> = { waiting: "border border-control text-muted", open: "bg-ink text-bg", done: "bg-ok-tint text-ok" };

/** One of the three steps; only the open one has content. */
export function Step({ number, state, title, note, children }: Props) {
  return (
    <li aria-current={state === "open" ? "step" : undefined} className="flex gap-4 border-line px-6 py-5 not-first:border-t max-md:gap-3 max-md:px-4">
      <span className={cx("numeric flex size-7 shrink-0 items-center justify-center rounded-full text-dense font-semibold", CIRCLES[state])}>
        {state === "done" ? <Check aria-label="Done" className="size-4" strokeWidth={2} /> : number}
      </span>
      <div className="min-w-0 flex-1">
        <h2 className={cx("pt-0.5 text-[15px] leading-6 font-semibold", state === "waiting" && "text-muted")}>{title}</h2>
        <div className="text-dense text-muted">{note}</div>
        {children && <div className="mt-4 max-md:-ml-10">{children}</div>}
      </div>
    </li>
  );
}
