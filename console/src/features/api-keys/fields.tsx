import { ApiProblem, type ApiKey } from "@imageshield/client";
import { textOf } from "@/lib/forms.ts";
import { Input, TextArea } from "@/ui/input.tsx";

const MAX_RATE = 1_000_000;

interface Props {
  /** The key that is changed; none for a new one. */
  apiKey?: ApiKey;
  error: unknown;
}

export const NameField = ({ apiKey, error }: Props) => (
  <Input name="name" label="Name" hint="Of the program, so that you know it again." error={faultOf(error, "name")} defaultValue={apiKey?.name ?? ""} maxLength={100} autoComplete="off" autoFocus required />
);

/** From where a key may be used, and how often. */
export function BoundFields({ apiKey, error }: Props) {
  return (
    <>
      <TextArea name="networks" label="Only from" note="optional" rows={2} placeholder={"192.0.2.0/24\n2001:db8::/32"} hint="Addresses or networks, one a line. Left empty: from anywhere." error={faultOf(error, "networks")} defaultValue={apiKey?.networks?.join("\n") ?? ""} autoComplete="off" spellCheck={false} controlClassName="font-mono text-dense [font-variant-ligatures:none]" />
      <Input name="rate" type="number" label="Jobs an hour" note="optional" min={1} max={MAX_RATE} step={1} inputMode="numeric" hint="A limit of its own, beside that of the account." error={faultOf(error, "rate_per_hour")} defaultValue={apiKey?.rate_per_hour ?? ""} autoComplete="off" />
    </>
  );
}

/** The fields as the service takes them. */
export function fieldsOf(form: FormData): { name: string; networks: string[] | null; rate_per_hour: number | null } {
  const networks = textOf(form, "networks").split(/[\s,;]+/).filter((network) => network !== "");
  const rate = textOf(form, "rate");
  return { name: textOf(form, "name").trim(), networks: networks.length === 0 ? null : networks, rate_per_hour: rate === "" ? null : Number(rate) };
}

const faultsOf = (error: unknown, name: string) => (error instanceof ApiProblem ? error.errors.filter(({ field }) => field?.split(".").includes(name)) : []);

const faultOf = (error: unknown, name: string): string | undefined => faultsOf(error, name).at(0)?.detail;

/** Whether a refusal is shown at a field, and needs no message of its own. */
export const isAtField = (error: unknown): boolean => ["name", "networks", "rate_per_hour"].some((name) => faultsOf(error, name).length > 0);
