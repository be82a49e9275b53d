import { PageHead } from "@/ui/page.tsx";

export default function JobPage() {
  return <PageHead title="Job" />;
}
