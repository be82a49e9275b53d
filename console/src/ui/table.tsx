import { memo, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { plural } from "@/lib/format.ts";
import { usePhone } from "@/lib/hooks.ts";
import { Button } from "@/ui/button.tsx";
import { Chunks } from "@/ui/chunks.tsx";

export interface Column<Row> {
  key: string;
  head: ReactNode;
  cell: (row: Row, isSelected: boolean) => ReactNode;
  /** Numbers and times stand right. */
  right?: boolean;
  width?: string;
  /** Its place in the card of a phone: the name, right of it, a muted fact, or nowhere. */
  phone?: "name" | "badge" | "fact" | "none";
  /** Shown from 1100 px on, or from 1280. */
  wide?: boolean | "xl";
}

interface Props<Row> {
  /** For screen readers. */
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  selected?: (row: Row) => boolean;
  /** The columns have the widths that they say, whatever is in them: for lists that grow. One without a width takes the rest. */
  fixed?: boolean;
}

/**
 * A table; on phones a list of cards. A link with the class `row-link` in a cell makes its whole row a target.
 * Keep `columns` in a constant or a memo: rows that are the same are then not drawn again.
 */
export function Table<Row>(props: Props<Row>) {
  return usePhone() ? <Cards {...props} /> : <Wide {...props} />;
}

const hiddenBelow = ({ wide }: { wide?: boolean | "xl" }): string | false => (wide === "xl" ? "max-xl:hidden" : wide === true && "max-lg:hidden");

/** Heights of rows that were not drawn yet. */
const WIDE_ROW = 44;
const CARD = 85;

function Wide<Row>({ caption, columns, rows, rowKey, selected, fixed }: Props<Row>) {
  return (
    <div className="overflow-x-auto">
      <table className={cx("w-full border-collapse text-body", fixed && "table-fixed")}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="h-9 border-b border-line text-caption font-medium text-muted">
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cx("px-3 font-medium whitespace-nowrap first:pl-5 last:pr-5", hiddenBelow(column), column.right ? "text-right" : "text-left")} {...(column.width && { style: { width: column.width } })}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <Chunks as="tbody" rows={rows} rowKey={rowKey} height={WIDE_ROW}>
          {(row) => <WideRow row={row} columns={columns} isSelected={selected?.(row) ?? false} />}
        </Chunks>
      </table>
    </div>
  );
}

interface RowProps<Row> {
  row: Row;
  columns: Column<Row>[];
  isSelected: boolean;
}

/** A long list changes by a few rows: the others are kept as they are. */
const keep = <Component extends (props: never) => ReactNode>(component: Component): Component => memo(component) as unknown as Component;

const SELECTED = "bg-raised shadow-[inset_3px_0_0_var(--ink)]";

const WideRow = keep(function WideRow<Row>({ row, columns, isSelected }: RowProps<Row>) {
  return (
    <tr className={cx("relative h-11 border-t border-hairline transition-colors", isSelected ? SELECTED : "has-[.row-link]:hover:bg-raised/60")}>
      {columns.map((column) => (
        <td key={column.key} className={cx("px-3 py-1 first:pl-5 last:pr-5", hiddenBelow(column), column.right && "numeric text-right whitespace-nowrap")}>{column.cell(row, isSelected)}</td>
      ))}
    </tr>
  );
});

function Cards<Row>({ caption, columns, rows, rowKey, selected }: Props<Row>) {
  return (
    <div role="group" aria-label={caption}>
      <Chunks as="ul" rows={rows} rowKey={rowKey} height={CARD}>
        {(row) => <CardRow row={row} columns={columns} isSelected={selected?.(row) ?? false} />}
      </Chunks>
    </div>
  );
}

const CardRow = keep(function CardRow<Row>({ row, columns, isSelected }: RowProps<Row>) {
  const of = (wanted: string) => columns.filter((column, index) => (column.phone ?? (index === 0 ? "name" : "fact")) === wanted);
  return (
    <li className={cx("relative border-t border-hairline px-4 py-3 [ul:first-child>&]:first:border-t-0", isSelected && SELECTED)}>
      <div className="flex items-center justify-between gap-3">
        <div className="flex min-w-0 items-center gap-2">{of("name").map((column) => <span key={column.key} className="min-w-0">{column.cell(row, isSelected)}</span>)}</div>
        <div className="flex shrink-0 items-center gap-2">{of("badge").map((column) => <span key={column.key}>{column.cell(row, isSelected)}</span>)}</div>
      </div>
      <div className="mt-1 flex flex-wrap gap-x-3 gap-y-0.5 text-dense text-muted">{of("fact").map((column) => <span key={column.key} className={cx("empty:hidden", column.right && "numeric")}>{column.cell(row, isSelected)}</span>)}</div>
    </li>
  );
});

/** Below a cursor list, which has no totals: "12 shown, newest first" and the button for more. */
export function MorePages({ shown, size = 25, hasMore, busy, onMore, note = "newest first" }: { shown: number; size?: number; hasMore: boolean; busy?: boolean; onMore: () => void; note?: string }) {
  return (
    <div className="flex min-h-[46px] items-center justify-between gap-3 border-t border-line px-5 py-2 text-dense text-muted max-md:px-4">
      <span role="status">{plural(shown, "shown", "shown")}{note && `, ${note}`}</span>
      {hasMore && <Button size="small" busy={busy} onClick={onMore}>Load {size} more</Button>}
    </div>
  );
}

/** The floating ink bar of a selection; its verbs carry counts ("Try 2 again"). */
export function SelectionBar({ count, onClear, children }: { count: number; onClear: () => void; children: ReactNode }) {
  if (count === 0) return null;
  return (
    <div role="region" aria-label="Selection" className="sticky bottom-4 z-20 mx-auto mt-4 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-card bg-ink px-4 py-2 text-bg shadow-float">
      <span className="numeric mr-2 border-r border-bg/25 pr-4 font-medium">{count} selected</span>
      {children}
      <button type="button" onClick={onClear} className="ml-1 inline-flex h-[30px] items-center rounded-control px-2 text-dense font-medium hover:bg-bg/15 max-md:h-11">Clear</button>
    </div>
  );
}

/** A verb in the ink bar. */
export const SelectionButton = ({ onClick, busy, children }: { onClick: () => void; busy?: boolean; children: ReactNode }) => (
  <button type="button" onClick={onClick} aria-busy={busy ? true : undefined} disabled={busy === true} className="inline-flex h-[30px] items-center gap-2 rounded-control bg-bg/15 px-3 text-dense font-medium hover:bg-bg/25 max-md:h-11">
    {children}
  </button>
);
