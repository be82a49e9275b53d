import { BatchView } from "@/features/batch/batch-view.tsx";
import { Draft } from "@/features/batch/draft.tsx";
import { usePathParam } from "@/lib/address.ts";

/** Pictures for a batch; with one in the address, that batch. */
export default function BatchPage() {
  const batch = usePathParam("batch");
  return batch ? <BatchView key={batch} id={batch} /> : <Draft />;
}
