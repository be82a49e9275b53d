import type { Role } from "@imageshield/client";
import { mayGive, SCOPES, type Scope } from "@/features/api-keys/scopes.ts";
import { Checkbox } from "@/ui/choice.tsx";
import { FieldError } from "@/ui/field.tsx";

interface Props {
  role: Role | null;
  chosen: ReadonlySet<Scope>;
  onChange: (chosen: ReadonlySet<Scope>) => void;
}

/** What a key may do. */
export function ScopeChoice({ role, chosen, onChange }: Props) {
  const turn = (scope: Scope, on: boolean) => { onChange(new Set(on ? [...chosen, scope] : [...chosen].filter((one) => one !== scope))); };
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 text-dense font-medium">What it may do</legend>
      <p className="mb-2 text-caption text-muted">No more than you. It never closes the account or hands it over. You cannot change this later.</p>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
        {SCOPES.map(({ scope, text }) => {
          const may = mayGive(role, scope);
          return <Checkbox key={scope} label={<span className="leading-tight">{text} <code className="block text-caption text-muted">{scope}{!may && ", which your role does not have"}</code></span>} checked={chosen.has(scope)} disabled={!may} onChange={(on) => { turn(scope, on); }} />;
        })}
      </div>
      {chosen.size === 0 && <FieldError>Choose at least one.</FieldError>}
    </fieldset>
  );
}
