import { Draft } from "@/features/encrypt/draft.tsx";
import { JobView } from "@/features/encrypt/job-view.tsx";
import { usePathParam } from "@/lib/address.ts";

/** A picture to encrypt; with a job in the address, that job until its result. */
export default function EncryptPage() {
  const job = usePathParam("job");
  return job ? <JobView key={job} id={job} /> : <Draft />;
}
