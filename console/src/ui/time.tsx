import { useEffect, useState } from "react";
import { absolute, duration, moment, relative } from "@/lib/format.ts";
import { useNow, useTimed } from "@/lib/hooks.ts";

/** A time: relative (`2 min ago`) or, with `as="moment"`, `today, 14:02`; the whole time is its title. */
export function Time({ at, as = "relative" }: { at: string | Date; as?: "relative" | "moment" }) {
  const date = typeof at === "string" ? new Date(at) : at;
  const text = useTimed((now) => (as === "moment" ? moment(date, now) : relative(date, now)));
  return (
    <time dateTime={date.toISOString()} title={absolute(date)} className="numeric whitespace-nowrap">
      {text}
    </time>
  );
}

/** `Try again in 12 s`, counted down; then `onEnd`. */
export function Countdown({ seconds, onEnd }: { seconds: number; onEnd?: () => void }) {
  const [ends] = useState(() => Date.now() + seconds * 1000);
  const left = Math.max(0, Math.ceil((ends - useNow(500).getTime()) / 1000));
  useEffect(() => {
    if (left === 0) onEnd?.();
  }, [left, onEnd]);
  return <span className="numeric">{left > 0 ? `Try again in ${duration(left < 10 ? left : left).replace(".0", "")}.` : "You can try again now."}</span>;
}
