import { cx } from "@/lib/cx.ts";

/** The numbers of a chart: the first column names the row, the others are numbers as the reader sees them. */
export interface TableData {
  /** What the table holds, for screen readers. */
  caption: string;
  columns: string[];
  rows: string[][];
}

/** A dense table that scrolls by itself, as high as a chart. */
export function DataTable({ data }: { data: TableData }) {
  return (
    <div tabIndex={0} role="group" aria-label={data.caption} className="max-h-[300px] overflow-auto rounded-control border border-line">
      <table className="w-full border-collapse text-dense">
        <caption className="sr-only">{data.caption}</caption>
        <thead>
          <tr>{data.columns.map((column, index) => <th key={column} scope="col" className={cx("sticky top-0 h-8 bg-raised px-3 text-caption font-medium whitespace-nowrap text-muted", index === 0 ? "text-left" : "text-right")}>{column}</th>)}</tr>
        </thead>
        <tbody>
          {data.rows.map((row, at) => (
            <tr key={at} className="border-t border-hairline">
              {row.map((cell, index) => (index === 0
                ? <th key={index} scope="row" className="numeric px-3 py-1 text-left font-normal">{cell}</th>
                : <td key={index} className="numeric px-3 py-1 text-right whitespace-nowrap">{cell}</td>))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
