import { ChartArea, ChevronRight, Table2 } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { usePhone } from "@/lib/hooks.ts";
import { Button, IconButton } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { DataTable, type TableData } from "@/ui/charts/data-table.tsx";

interface Props {
  title: string;
  /** What is drawn, and in which unit. */
  note?: ReactNode;
  /** Left of "As a table": a choice of what is drawn. */
  aside?: ReactNode;
  table: TableData;
  /** A narrow card: "As a table" is an icon alone. */
  compact?: boolean;
  /** Below the chart, after a line. */
  foot?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A chart with its title and unit, which is also there as a table. */
export function ChartCard({ title, note, aside, table, compact, foot, className, children }: Props) {
  const [asTable, setAsTable] = useState(false);
  const phone = usePhone();
  const id = useId();
  const turn = () => { setAsTable(!asTable); };
  return (
    <Card aria-labelledby={id} className={cx("flex flex-col px-5 pt-4", phone ? "" : "pb-5", className)}>
      <header className="mb-3 flex flex-wrap items-start justify-between gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1 basis-48">
          <h2 id={id} className="text-card">{title}</h2>
          {note && <p className="text-caption text-muted">{note}</p>}
        </div>
        <div className="flex shrink-0 items-center gap-2">
          {aside}
          {!phone && <Turn compact={compact === true} asTable={asTable} onTurn={turn} />}
        </div>
      </header>
      <div className="min-w-0 flex-1">{asTable ? <DataTable data={table} /> : children}</div>
      {foot && <div className="mt-4 border-t border-line pt-3 text-caption text-muted">{foot}</div>}
      {phone && <PhoneTurn asTable={asTable} onTurn={turn} />}
    </Card>
  );
}

function Turn({ compact, asTable, onTurn }: { compact: boolean; asTable: boolean; onTurn: () => void }) {
  const [icon, label] = asTable ? [ChartArea, "As a chart"] : [Table2, "As a table"];
  if (compact) return <IconButton icon={icon} label={label} onClick={onTurn} className="-mt-1.5 -mr-2" />;
  return <Button kind="ghost" size="small" icon={icon} onClick={onTurn}>{label}</Button>;
}

const PhoneTurn = ({ asTable, onTurn }: { asTable: boolean; onTurn: () => void }) => (
  <button type="button" onClick={onTurn} className="mt-4 flex min-h-11 w-full items-center justify-between border-t border-line text-left text-dense">
    {asTable ? "Show as a chart" : "Show as a table"}
    <ChevronRight aria-hidden className="size-4" strokeWidth={1.75} />
  </button>
);
