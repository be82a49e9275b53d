import { PageHead } from "@/ui/page.tsx";

export default function SetupPage() {
  return <PageHead title="Set up this installation" />;
}
