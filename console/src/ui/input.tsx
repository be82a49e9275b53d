import { ChevronsUpDown, Eye, EyeOff } from "lucide-react";
import { useState, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";
import { cx } from "@/lib/cx.ts";
import { controlClass, Field, type FieldProps } from "@/ui/field.tsx";

type Own<T> = FieldProps & Omit<T, "className" | "id"> & { controlClassName?: string };

/** A labeled text input. */
export function Input({ label, note, aside, hint, error, className, controlClassName, ...rest }: Own<InputHTMLAttributes<HTMLInputElement>>) {
  return (
    <Field {...{ label, note, aside, hint, error }} {...(className && { className })}>
      {(control) => <input {...rest} {...control} className={cx(controlClass(error), "read-only:bg-raised", controlClassName)} />}
    </Field>
  );
}

/** A password with an eye that shows it. */
export function PasswordInput({ label, note, aside, hint, error, className, controlClassName, ...rest }: Own<Omit<InputHTMLAttributes<HTMLInputElement>, "type">>) {
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <Field {...{ label, note, aside, hint, error }} {...(className && { className })}>
      {(control) => (
        <div className="relative">
          <input autoCapitalize="off" autoCorrect="off" spellCheck={false} {...rest} {...control} type={shown ? "text" : "password"} className={cx(controlClass(error), "pr-11", controlClassName)} />
          <button type="button" aria-label="Show the password" aria-pressed={shown} onClick={() => { setShown(!shown); }} className="absolute inset-y-px right-px flex w-10 items-center justify-center rounded-control text-muted hover:text-ink max-md:w-11">
            <Icon aria-hidden className="size-4" strokeWidth={1.75} />
          </button>
        </div>
      )}
    </Field>
  );
}

/** The browser's own select, drawn as an input. */
export function Select({ label, note, aside, hint, error, className, controlClassName, children, ...rest }: Own<SelectHTMLAttributes<HTMLSelectElement>> & { children: ReactNode }) {
  return (
    <Field {...{ label, note, aside, hint, error }} {...(className && { className })}>
      {(control) => (
        <div className="relative">
          <select {...rest} {...control} className={cx(controlClass(error), "appearance-none pr-9", controlClassName)}>
            {children}
          </select>
          <ChevronsUpDown aria-hidden className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-muted" strokeWidth={1.5} />
        </div>
      )}
    </Field>
  );
}

/** Several lines of text, in monospace with `mono`. */
export function TextArea({ label, note, aside, hint, error, className, controlClassName, ...rest }: Own<TextareaHTMLAttributes<HTMLTextAreaElement>>) {
  return (
    <Field {...{ label, note, aside, hint, error }} {...(className && { className })}>
      {(control) => <textarea rows={3} {...rest} {...control} className={cx(controlClass(error), "h-auto py-2 max-md:h-auto", controlClassName)} />}
    </Field>
  );
}
