import { useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";

/** What the installation does, such as send mail. */
export const useInstallation = () => useQuery({ queryKey: ["setup"], queryFn: ({ signal }) => client.accounts.setup({ signal }), staleTime: Infinity });
