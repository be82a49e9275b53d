import { PageHead } from "@/ui/page.tsx";

export default function EncryptPage() {
  return <PageHead title="Encrypt" />;
}
