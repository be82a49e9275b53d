import { RotateCw } from "lucide-react";
import { useState } from "react";
import { StatusBadge, type JobStatus } from "@/ui/badge.tsx";
import { Card, CardHead, CardPart, KeyValues, Stats } from "@/ui/card.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { CopyableId, Id } from "@/ui/copyable-id.tsx";
import { Columns } from "@/ui/page.tsx";
import { Tile } from "@/ui/picture.tsx";
import { Steps } from "@/ui/steps.tsx";
import { MorePages, SelectionBar, SelectionButton, Table, type Column } from "@/ui/table.tsx";
import { Tabs } from "@/ui/tabs.tsx";
import { Time } from "@/ui/time.tsx";

interface Row { id: string; name: string; size: string; status: JobStatus; at: string }
const ROWS: Row[] = [
  { id: "job_01a22275ae527e78a25afd4dba889d82", name: "retina-OD-0412.png", size: "4.71 MB", status: "completed", at: "2026-11-28T14:02:00Z" },
  { id: "job_01a22273ae527e78a25afd4dba4f8fa8", name: "retina-OS-0413.tif", size: "48.9 MB", status: "processing", at: "2026-11-28T14:02:00Z" },
  { id: "job_01a2226fae527e78a25afd4dbafb7bba", name: "scan-page-031.png", size: "12.4 MB", status: "failed", at: "2026-11-28T13:40:00Z" },
];

export function Lists() {
  const [chosen, setChosen] = useState([ROWS.at(2)?.id ?? ""]);
  const [tab, setTab] = useState("steps");
  const columns: Column<Row>[] = [
    { key: "pick", head: <span className="sr-only">Selected</span>, width: "48px", phone: "badge", cell: (row) => <Checkbox aria-label={`Select ${row.name}`} checked={chosen.includes(row.id)} onChange={(on) => { setChosen(on ? [...chosen, row.id] : chosen.filter((id) => id !== row.id)); }} /> },
    { key: "name", head: "Picture", phone: "name", cell: (row) => <span className="flex items-center gap-2.5"><Tile id={row.id} /><span className="grid min-w-0"><a href="#row" className="row-link truncate leading-[18px]">{row.name}</a><Id id={row.id} /></span></span> },
    { key: "size", head: "Size", right: true, cell: (row) => row.size },
    { key: "state", head: "State", phone: "badge", cell: (row) => <StatusBadge status={row.status} progress={62} /> },
    { key: "at", head: "Created", right: true, cell: (row) => <Time at={row.at} as="moment" /> },
  ];
  return (
    <Columns side="charts" aside={<Aside tab={tab} onTab={setTab} />}>
      <Stats items={[{ label: "Encrypted in November", value: "1,321", note: "9 % more than October" }, { label: "Median time", value: "2.9 s", note: "95 of 100 within 4.4 s" }, { label: "Waiting now", value: "3" }, { label: "Failed in 7 days", value: "2", note: "both files are damaged" }]} />
      <Card>
        <CardHead lined title="Recent" aside={<a className="link text-dense" href="#all">All jobs</a>} />
        <Table caption="Jobs" columns={columns} rows={ROWS} rowKey={(row) => row.id} selected={(row) => chosen.includes(row.id)} />
        <MorePages shown={3} hasMore onMore={() => undefined} />
      </Card>
      <SelectionBar count={chosen.length} onClear={() => { setChosen([]); }}><SelectionButton onClick={() => undefined}><RotateCw aria-hidden className="size-4" /> Try {chosen.length} again</SelectionButton></SelectionBar>
    </Columns>
  );
}

const Aside = ({ tab, onTab }: { tab: string; onTab: (tab: string) => void }) => (
  <Card>
    <CardPart>
      <Tabs label="Views" value={tab} onChange={onTab} tabs={[{ value: "steps", name: "Steps", content: <Stages /> }, { value: "facts", name: "Facts", content: <KeyValues items={[{ name: "Layout", value: "Pixels" }, { name: "Key", value: <CopyableId id="key_01a22273ae527e78a25afd4dba233fb3" what="key id" /> }]} /> }]} />
    </CardPart>
  </Card>
);

const Stages = () => (
  <Steps steps={[
    { key: "1", title: "Queued", time: "0.1 s", state: "done" },
    { key: "2", title: "Checked the file", note: "TIFF, RGB, one frame", time: "0.3 s", state: "done" },
    { key: "3", title: "Encrypting", note: "46.5 of 75.0 MB", time: "3.1 s", state: "active" },
    { key: "4", title: "Authenticate", time: "about 0.4 s", state: "waiting" },
  ]} />
);
