import { PageHead } from "@/ui/page.tsx";

export default function ComparePage() {
  return <PageHead title="Compare jobs" />;
}
