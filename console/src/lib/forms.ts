import type { SubmitEvent } from "react";

/** The text of a field of a form that was sent. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

/** For `onSubmit`. A form with `action` is emptied by React after the act, and a refusal must not cost what was typed. */
export function submitting(act: (form: FormData) => void): (event: SubmitEvent<HTMLFormElement>) => void {
  return (event) => {
    event.preventDefault();
    act(new FormData(event.currentTarget));
  };
}

/** Once it is shown, go to the first field that is wrong. */
export function focusFault(): void {
  setTimeout(() => { document.querySelector<HTMLElement>("main [aria-invalid=true]")?.focus(); });
}
