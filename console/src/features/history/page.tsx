import { PageHead } from "@/ui/page.tsx";

export default function HistoryPage() {
  return <PageHead title="History" />;
}
