import type { Download, Job } from "@imageshield/client";
import { useState } from "react";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { saveAs } from "@/lib/save.ts";
import { toastError } from "@/ui/toast.tsx";

type Part = "result" | "receipt" | "material" | "header" | "html" | "pdf" | "keyFile";

const FETCH: Record<Part, (job_id: string) => Promise<Download>> = {
  result: (id) => client.jobs.result(id),
  receipt: (id) => client.jobs.receipt(id),
  material: (id) => client.jobs.material(id),
  header: (id) => client.jobs.header(id),
  html: (id) => client.jobs.report(id, "html"),
  pdf: (id) => client.jobs.report(id, "pdf"),
  keyFile: (id) => client.jobs.keyFile(id),
};

const NAMES: Record<Part, string> = { result: "result", receipt: "receipt.json", material: "picture.qmat", header: "picture.qhdr", html: "report.html", pdf: "report.pdf", keyFile: "picture.qkey" };

/** Fetch a file of a job and save it; which one is on its way. */
export function useDownloads({ job_id }: Job) {
  const [busy, setBusy] = useState<Part | null>(null);
  const fetch = async (part: Part) => {
    setBusy(part);
    await FETCH[part](job_id)
      .then(({ blob, name }) => { saveAs(blob, name ?? NAMES[part]); }, (error: unknown) => { toastError("The download did not work", error); })
      .finally(() => { setBusy(null); });
    // The life of a decrypted picture gets shorter once it has arrived.
    if (part === "result") await queries.invalidateQueries({ queryKey: [job_id] });
  };
  return { busy, fetch: (part: Part) => void fetch(part) };
}

/** Try again or cancel; the lists that show it are asked again. */
export function useSteering({ job_id }: Job) {
  const { run, busy } = useAction(async (call: (id: string) => Promise<Job>, failed: string) => {
    try {
      queries.setQueryData([job_id], await call(job_id));
    } catch (error) {
      toastError(failed, error);
      await queries.invalidateQueries({ queryKey: [job_id] });
    }
    await queries.invalidateQueries({ queryKey: ["jobs"] });
  });
  return {
    busy,
    retry: () => { run((id) => client.jobs.retry(id), "The job could not be tried again"); },
    cancel: () => { run((id) => client.jobs.cancel(id), "The job could not be cancelled"); },
  };
}
