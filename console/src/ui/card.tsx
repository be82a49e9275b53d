import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

/** A surface with a line around it. Its parts: CardHead, CardPart (padding 20, a line above), CardFoot (raised). */
export function Card({ children, className, as: Tag = "section", ...rest }: { children: ReactNode; className?: string; as?: "section" | "div" | "li" | "article"; "aria-label"?: string; "aria-labelledby"?: string }) {
  return <Tag {...rest} className={cx("min-w-0 overflow-hidden rounded-card border border-line bg-surface", className)}>{children}</Tag>;
}

/** The title of a card. `lined` draws the line below it, for a table or a list that follows. */
export function CardHead({ title, note, aside, lined, level = 2 }: { title: ReactNode; note?: ReactNode; aside?: ReactNode; lined?: boolean; level?: 2 | 3 }) {
  const Title = level === 2 ? "h2" : "h3";
  return (
    <header className={cx("flex items-center justify-between gap-3 px-5 max-md:px-4", lined ? "min-h-[46px] border-b border-line py-2 [&+*]:border-t-0!" : "pt-4 pb-1")}>
      <div className="min-w-0">
        <Title className="text-card">{title}</Title>
        {note && <p className="text-caption text-muted">{note}</p>}
      </div>
      {aside && <div className="flex shrink-0 items-center gap-2">{aside}</div>}
    </header>
  );
}

/** A part of a card. A line separates it from the part before it; a head has its own. */
export const CardPart = ({ children, className, tight }: { children: ReactNode; className?: string; tight?: boolean }) => (
  <div className={cx("px-5 max-md:px-4 [:not(header)+&]:border-t [:not(header)+&]:border-line", tight ? "py-3" : "py-5 max-md:py-4", className)}>{children}</div>
);

export const CardFoot = ({ children, className }: { children: ReactNode; className?: string }) => (
  <div className={cx("flex items-center justify-between gap-3 border-t border-line bg-raised px-5 py-3 text-dense text-muted", className)}>{children}</div>
);

/** Numbers side by side in one card, each with a label above and a sentence below. */
export function Stats({ items }: { items: { label: string; value: ReactNode; note?: ReactNode; chart?: ReactNode }[] }) {
  return (
    <dl className="grid overflow-hidden rounded-card border border-line bg-surface max-md:grid-cols-2 md:auto-cols-fr md:grid-flow-col">
      {items.map((item) => (
        <div key={item.label} className="relative border-line px-5 py-4 max-md:px-4 max-md:even:border-l max-md:nth-[n+3]:border-t md:not-first:border-l">
          <dt className="text-caption font-medium text-muted">{item.label}</dt>
          <dd className="numeric text-number">{item.value}</dd>
          {item.note && <dd className="text-caption text-muted">{item.note}</dd>}
          {item.chart && <dd className="absolute right-5 bottom-8 max-lg:hidden">{item.chart}</dd>}
        </div>
      ))}
    </dl>
  );
}

/** Names and values, one a line. */
export function KeyValues({ items, nameWidth = "7rem" }: { items: { name: ReactNode; value: ReactNode }[]; nameWidth?: string }) {
  return (
    <dl className="text-dense">
      {items.map((item, index) => (
        <div key={index} className="grid gap-3 border-hairline py-2 not-first:border-t" style={{ gridTemplateColumns: `${nameWidth} minmax(0, 1fr)` }}>
          <dt className="text-muted">{item.name}</dt>
          <dd className="min-w-0 break-words">{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}
