import type { ReactNode } from "react";

export interface Part {
  /** Its anchor. */
  id: string;
  title: string;
  content: ReactNode;
}

/** A part of the guide, with its own address. */
export const PartSection = ({ id, title, content }: Part) => (
  <section id={id} aria-labelledby={`${id}-title`} className="scroll-mt-6 border-line pt-10 not-first:mt-10 not-first:border-t first:pt-0">
    <h2 id={`${id}-title`} className="text-number">{title}</h2>
    <div className="mt-3 grid gap-4 text-lead text-muted [&_code]:text-ink [&_strong]:font-semibold [&_strong]:text-ink">{content}</div>
  </section>
);

export const List = ({ children }: { children: ReactNode }) => <ul className="grid list-disc gap-2 pl-5 marker:text-control">{children}</ul>;

/** A link in the text of the guide. */
export const To = ({ href, children }: { href: string; children: ReactNode }) => <a href={href} className="link text-ink">{children}</a>;

/** Rows of names and what they mean. */
export const Rows = ({ rows }: { rows: { name: ReactNode; text: ReactNode }[] }) => (
  <dl className="grid rounded-card border border-line bg-surface text-body">
    {rows.map(({ name, text }, index) => (
      <div key={index} className="grid gap-x-5 gap-y-1 border-hairline px-5 py-3 not-first:border-t md:grid-cols-[168px_minmax(0,1fr)] max-md:px-4">
        <dt className="font-medium text-ink">{name}</dt>
        <dd>{text}</dd>
      </div>
    ))}
  </dl>
);
