import { useId, useRef, type ReactNode } from "react";
import { place } from "@/ui/floating.ts";

/** Text that belongs to a word, with a dotted line under it: the technical name of a plain sentence. Opens on hover, focus and touch; Escape closes it. */
export function Hint({ text, children }: { text: ReactNode; children: ReactNode }) {
  const id = useId();
  const word = useRef<HTMLButtonElement>(null);
  const hint = useRef<HTMLSpanElement>(null);
  const show = () => {
    if (!hint.current || !word.current || hint.current.matches(":popover-open")) return;
    hint.current.showPopover();
    place(hint.current, word.current, "center", 6);
  };
  const hide = () => {
    if (hint.current?.matches(":popover-open")) hint.current.hidePopover();
  };
  return (
    <>
      <button ref={word} type="button" aria-describedby={id} onMouseEnter={show} onMouseLeave={hide} onFocus={show} onBlur={hide} onClick={show} onKeyDown={(event) => { if (event.key === "Escape") hide(); }} className="cursor-help border-b border-dotted border-control text-left">
        {children}
      </button>
      <span ref={hint} id={id} role="tooltip" popover="manual" className="m-0 max-w-72 rounded-control bg-ink px-2.5 py-1.5 text-caption font-normal text-bg">
        {text}
      </span>
    </>
  );
}
