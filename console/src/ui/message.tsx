import { CircleAlert, CircleCheck, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { explain, type Words } from "@/lib/problems.ts";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Countdown } from "@/ui/time.tsx";

type Tone = "bad" | "warn" | "ok" | "info";
const LOOKS: Record<Tone, { icon: LucideIcon; className: string }> = {
  bad: { icon: CircleAlert, className: "bg-bad-tint text-bad" },
  warn: { icon: TriangleAlert, className: "bg-warn-tint text-warn" },
  ok: { icon: CircleCheck, className: "bg-ok-tint text-ok" },
  info: { icon: Info, className: "border border-line bg-raised text-ink" },
};

interface Props {
  tone?: Tone;
  /** What happened, in one sentence. */
  title?: ReactNode;
  /** What to do. */
  children?: ReactNode;
  link?: { to: string; text: string } | undefined;
  requestId?: string | undefined;
  action?: ReactNode;
  icon?: LucideIcon;
  className?: string;
}

/** A message in the page: icon, sentence, remedy, link, request id. What is wrong is also said to screen readers. */
export function Message({ tone = "info", title, children, link, requestId, action, icon, className }: Props) {
  const Icon = icon ?? LOOKS[tone].icon;
  return (
    <div role={tone === "bad" ? "alert" : "status"} className={cx("flex gap-2.5 rounded-picture px-4 py-3 text-dense", LOOKS[tone].className, className)}>
      <Icon aria-hidden className="mt-px size-4 shrink-0" strokeWidth={1.75} />
      <div className="min-w-0 flex-1">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div>{children}</div>}
        {(link ?? requestId) && (
          <p className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1">
            {link && <a href={link.to} className="font-medium underline underline-offset-2">{link.text}</a>}
            {requestId && <CopyableId id={requestId} what="request id" inherit />}
          </p>
        )}
        {action && <div className="mt-3 flex flex-wrap gap-2">{action}</div>}
      </div>
    </div>
  );
}

/** What an error means, from lib/problems: sentence, remedy, page of the code, request id, countdown of a 429 or 503. */
export function ProblemMessage({ error, action, className, words }: { error: unknown; action?: ReactNode; className?: string; words?: ReadonlyMap<string, Words> }) {
  const { sentence, remedy, page, requestId, retryAfter } = explain(error, words);
  return (
    <Message tone="bad" title={sentence} link={page ? { to: page, text: "Reasons and remedies" } : undefined} requestId={requestId} action={action} {...(className && { className })}>
      {remedy} {retryAfter !== undefined && <Countdown seconds={retryAfter} />}
    </Message>
  );
}
