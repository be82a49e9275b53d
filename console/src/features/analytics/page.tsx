import { PageHead } from "@/ui/page.tsx";

export default function AnalyticsPage() {
  return <PageHead title="Analytics of a job" />;
}
