import type { Analysis, Job } from "@imageshield/client";
import { Braces, ChevronDown, Columns2, FileCode, FileText } from "lucide-react";
import { client } from "@/lib/api.ts";
import { explain } from "@/lib/problems.ts";
import { saveAs } from "@/lib/save.ts";
import { Button, buttonClass } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Menu } from "@/ui/menu.tsx";
import { toast } from "@/ui/toast.tsx";

/** Compare, the analysis as JSON, the report as HTML or PDF. */
export function Actions({ job, analysis }: { job: Job; analysis: Analysis }) {
  return (
    <>
      <ButtonLink icon={Columns2} to="/analytics" search={{ compare: job.job_id }}>Compare</ButtonLink>
      <Button icon={Braces} onClick={() => { saveAs(jsonOf(analysis), `${stemOf(job)}-analysis.json`); }}>JSON</Button>
      <Menu
        label="Report"
        align="end"
        buttonClassName={buttonClass({ kind: "outline" })}
        items={[
          { label: "To print, as PDF", icon: FileText, onSelect: () => void saveReport(job, "pdf") },
          { label: "To read, as HTML", icon: FileCode, onSelect: () => void saveReport(job, "html") },
        ]}
      >
        <FileText aria-hidden className="size-4" strokeWidth={1.75} />
        Report
        <ChevronDown aria-hidden className="size-3.5 text-muted" strokeWidth={1.75} />
      </Menu>
    </>
  );
}

const jsonOf = (analysis: Analysis): Blob => new Blob([`${JSON.stringify(analysis, null, 2)}\n`], { type: "application/json" });

const stemOf = (job: Job): string => (job.file_name ?? job.job_id).replace(/\.[^.]+$/, "");

async function saveReport(job: Job, format: "html" | "pdf"): Promise<void> {
  try {
    const { blob, name } = await client.jobs.report(job.job_id, format);
    saveAs(blob, name ?? `${stemOf(job)}-report.${format}`);
  } catch (error) {
    const { sentence, remedy } = explain(error);
    toast(sentence, { tone: "bad", text: remedy });
  }
}
