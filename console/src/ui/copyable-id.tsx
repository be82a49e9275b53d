import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { cx } from "@/lib/cx.ts";
import { shortId } from "@/lib/format.ts";
import { copy } from "@/ui/copy.ts";

/** An id or a hash: shortened in the middle, copied whole. `whole` shows all of it, `inherit` takes the color of the text around. */
export function CopyableId({ id, what = "id", whole, inherit }: { id: string; what?: string; whole?: boolean; inherit?: boolean }) {
  const [copied, setCopied] = useState(false);
  const take = async () => {
    if (!(await copy(id))) return;
    setCopied(true);
    setTimeout(() => { setCopied(false); }, 2000);
  };
  const Icon = copied ? Check : Copy;
  return (
    <button type="button" title={id} onClick={() => void take()} className={cx("group relative z-1 inline-flex max-w-full items-center gap-1.5 rounded-[4px] text-left font-mono text-[13px] leading-[18px]", !inherit && "text-muted hover:text-ink")}>
      <span className="sr-only">Copy the {what} </span>
      <span className={cx("min-w-0", whole && "break-all")}>{whole ? id : shortId(id)}</span>
      <Icon aria-hidden className="size-3.5 shrink-0 opacity-70 group-hover:opacity-100" strokeWidth={1.75} />
      <span role="status" className="sr-only">{copied && "Copied"}</span>
    </button>
  );
}

/** An id that is only shown. */
export const Id = ({ id }: { id: string }) => <span title={id} className="font-mono text-[13px] leading-[18px] text-muted">{shortId(id)}</span>;
