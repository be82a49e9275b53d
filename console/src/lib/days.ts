/** A day of this place as addresses write it, `2026-11-21`; undefined if the text is none. */
export function dayOf(text: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : undefined;
}

/** Days of this place, both included, as the moments that the service is asked for. */
export function momentsOf({ since, until }: { since: string | undefined; until: string | undefined }): { created_after?: string; created_before?: string } {
  return {
    ...(since !== undefined && { created_after: midnight(since, 0) }),
    ...(until !== undefined && { created_before: midnight(until, 1) }),
  };
}

function midnight(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}
