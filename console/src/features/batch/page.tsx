import { PageHead } from "@/ui/page.tsx";

export default function BatchPage() {
  return <PageHead title="Batch" />;
}
