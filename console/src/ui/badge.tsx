import { Ban, Check, Clock, Image, Lock, TriangleAlert, X, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { Spinner } from "@/ui/spinner.tsx";

export type Tone = "ok" | "warn" | "bad" | "iris" | "amber" | "plain";

const TONES: Record<Tone, string> = {
  ok: "bg-ok-tint text-ok",
  warn: "bg-warn-tint text-warn",
  bad: "bg-bad-tint text-bad",
  iris: "bg-iris-tint text-iris",
  amber: "bg-amber-tint text-amber",
  plain: "bg-raised text-muted",
};

/** A state: icon and word, 22 high. */
export function Badge({ tone = "plain", icon: Icon, busy, children }: { tone?: Tone; icon?: LucideIcon; busy?: boolean; children: ReactNode }) {
  return (
    <span className={cx("inline-flex h-[22px] items-center gap-1 rounded-chip px-1.5 text-caption font-medium whitespace-nowrap numeric", TONES[tone])}>
      {busy ? <Spinner className="size-3.5" /> : Icon && <Icon aria-hidden className="size-3.5" strokeWidth={2} />}
      {children}
    </span>
  );
}

export type JobStatus = "pending" | "processing" | "completed" | "failed" | "cancelled";

/** The state of a job. `warning` is the word of a job that completed otherwise than asked: "Degraded seed". */
export function StatusBadge({ status, progress, warning, gone }: { status: JobStatus; progress?: number; warning?: string | undefined; gone?: boolean }) {
  if (gone) return <Badge icon={Clock}>Gone</Badge>;
  if (status === "completed" && warning) return <Badge tone="warn" icon={TriangleAlert}>{warning}</Badge>;
  if (status === "completed") return <Badge tone="ok" icon={Check}>Completed</Badge>;
  if (status === "failed") return <Badge tone="bad" icon={X}>Failed</Badge>;
  if (status === "cancelled") return <Badge icon={Ban}>Cancelled</Badge>;
  if (status === "processing") return <Badge tone="iris" busy>{progress ?? 0} %</Badge>;
  return <Badge icon={Clock}>Waiting</Badge>;
}

export const YoursBadge = () => <Badge tone="amber" icon={Image}>Yours</Badge>;
export const EncryptedBadge = () => <Badge tone="iris" icon={Lock}>Encrypted</Badge>;

export type Liveness = "live" | "reconnecting" | "offline";
const LIVE: Record<Liveness, { dot: string; word: string }> = {
  live: { dot: "rounded-full bg-ok", word: "Live" },
  reconnecting: { dot: "rounded-full border-2 border-warn", word: "Reconnecting" },
  offline: { dot: "rounded-[2px] bg-bad", word: "Offline" },
};

/** Whether what is shown is fresh: shape, color and word. */
export function Live({ state, children }: { state: Liveness; children?: ReactNode }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-caption font-medium whitespace-nowrap text-muted">
      <span aria-hidden className={cx("size-2", LIVE[state].dot)} />
      {children ?? LIVE[state].word}
    </span>
  );
}
