import { PageHead } from "@/ui/page.tsx";

export default function DecryptPage() {
  return <PageHead title="Decrypt" />;
}
