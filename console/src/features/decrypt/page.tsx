import { Draft } from "@/features/decrypt/draft.tsx";
import { JobView } from "@/features/decrypt/job-view.tsx";
import { usePathParam } from "@/lib/address.ts";

/** The files to decrypt; with a job in the address, that job of the service until its picture. */
export default function DecryptPage() {
  const job = usePathParam("job");
  return job ? <JobView key={job} id={job} /> : <Draft />;
}
