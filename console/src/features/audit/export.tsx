import { ChevronDown, Download, FileCheck, Table2 } from "lucide-react";
import { useRef, useState } from "react";
import { trailOf, type Chain } from "@/features/audit/entries.ts";
import { isEmpty, queryOf, type Filter } from "@/features/audit/filter.ts";
import { useAction } from "@/lib/action.ts";
import { client } from "@/lib/api.ts";
import { bytes } from "@/lib/format.ts";
import { saveAs } from "@/lib/save.ts";
import { Button, buttonClass } from "@/ui/button.tsx";
import { Menu } from "@/ui/menu.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

/** The log as a file: whole, so that it verifies, or what the filters show, as a table. */
export function Export({ chain, filter }: { chain: Chain; filter: Filter }) {
  const [received, setReceived] = useState(0);
  const stop = useRef<AbortController | null>(null);
  const { run, busy } = useAction(async (format: "jsonl" | "csv") => {
    const { signal } = (stop.current = new AbortController());
    setReceived(0);
    const path = trailOf(chain).exportPath(format, format === "csv" ? queryOf(filter) : {});
    const { blob, name } = await client.download(path, { signal, onDownload: (progress) => { setReceived(progress.received); } });
    saveAs(blob, name ?? `audit.${format}`);
    toast("The audit log is exported", { text: `${bytes(blob.size)}. The export is itself an entry.` });
  }, (error) => { if (stop.current?.signal.aborted !== true) toastError("The audit log was not exported", error); });
  if (busy) return <><span role="status" className="numeric self-center text-dense text-muted">{received === 0 ? "Exporting" : `${bytes(received)} so far`}</span><Button onClick={() => { stop.current?.abort(); }}>Stop the export</Button></>;
  return (
    <Menu label="Export" align="end" buttonClassName={buttonClass({})} items={[
      { label: "Whole log, as JSON lines that verify", icon: FileCheck, onSelect: () => { run("jsonl"); } },
      { label: isEmpty(filter) ? "Whole log, as CSV" : "Entries of these filters, as CSV", icon: Table2, onSelect: () => { run("csv"); } },
    ]}>
      <Download aria-hidden className="size-4" strokeWidth={1.75} />Export<ChevronDown aria-hidden className="size-4 text-muted" strokeWidth={1.75} />
    </Menu>
  );
}
