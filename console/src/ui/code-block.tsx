import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

interface Props {
  /** What the code does, for screen readers. */
  label: string;
  /** A line each. Lines wrap with a hanging indent, so that nothing scrolls sideways. */
  lines: readonly string[];
  /** Below the lines, muted: the answer. */
  answer?: readonly string[];
  /** Columns are kept where there is room, and given up on phones. */
  aligned?: boolean;
  className?: string;
}

/** Commands, dark in both themes. */
export function CodeBlock({ label, lines, answer, aligned, className }: Props) {
  return (
    <div data-theme="dark" role="group" aria-label={label} className={cx("rounded-card border border-line bg-surface px-6 py-5 font-mono text-dense leading-[22px] text-ink max-md:px-4 max-md:py-4 max-md:text-caption max-md:leading-5", className)}>
      {lines.map((line, index) => <Line key={index} aligned={aligned}>{line.startsWith("#") ? <span className="text-muted">{line}</span> : <Command line={line} />}</Line>)}
      {answer && <div className="mt-5 text-muted">{answer.map((line, index) => <Line key={index}>{line}</Line>)}</div>}
    </div>
  );
}

const Line = ({ children, aligned }: { children: ReactNode; aligned?: boolean | undefined }) => (
  <code className={cx("block min-h-[1lh] pl-6 -indent-6 text-[1em] break-words", aligned ? "whitespace-pre-wrap max-lg:whitespace-normal" : "whitespace-pre-wrap")}>{children}</code>
);

/** Words stay whole, since a browser would break an option behind its dash; the name of the command is bold. */
const Command = ({ line }: { line: string }) => (
  <>
    {line.split(/(\s+)/).map((word, index) => (/^\s/.test(word) ? word : <span key={index} className={cx("inline-block max-w-full indent-0", index === 0 && "font-semibold")}>{word}</span>))}
  </>
);
