import type { BatchItem } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { percent } from "@/lib/format.ts";
import { explainCode } from "@/lib/problems.ts";
import { titleOf } from "@/lib/stages.ts";
import { StatusBadge } from "@/ui/badge.tsx";
import { Card } from "@/ui/card.tsx";
import { Progress } from "@/ui/progress.tsx";
import { Tile } from "@/ui/picture.tsx";

/** An item, with what its messages know of it. */
export type Line = BatchItem & { progress?: number; stage?: string };

/** One line a picture. */
export function Items({ lines }: { lines: Line[] }) {
  return (
    <Card aria-label="Pictures of the batch">
      <ul>{lines.map((line) => <Item key={line.index} line={line} />)}</ul>
    </Card>
  );
}

function Item({ line }: { line: Line }) {
  const name = line.filename ?? `Picture ${line.index + 1}`;
  const progress = line.progress ?? 0;
  return (
    <li className="relative flex min-h-14 items-center gap-3 border-hairline px-5 py-2 not-first:border-t has-[.row-link]:hover:bg-raised/60 max-md:px-4">
      <Tile id={line.job_id ?? name} />
      <div className="min-w-0 flex-1">
        {line.job_id && line.status === "completed" ? <Link to={`/jobs/${line.job_id}`} className="row-link block truncate font-medium">{name}</Link> : <p className="truncate font-medium">{name}</p>}
        {line.status === "processing" && <div className="mt-1 flex items-center gap-3"><div className="w-full max-w-64"><Progress picture share={progress / 100} label={`${name}: ${percent(progress / 100)}`} /></div><span className="text-caption whitespace-nowrap text-muted">{titleOf(line.stage ?? "", "active")}</span></div>}
        {line.status === "failed" && <Reason line={line} />}
      </div>
      <StatusBadge status={line.status} progress={progress} />
    </li>
  );
}

function Reason({ line: { error, job_id } }: { line: Line }) {
  const why = explainCode(error?.code ?? "", error?.title);
  return <p className="text-dense text-muted">{why.sentence} {error?.detail ?? why.remedy}{job_id === null && " It was refused at once, so only a new picture helps."}</p>;
}
