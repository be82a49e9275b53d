import { useNavigate, useParams, useRouter, useSearch } from "@tanstack/react-router";

export type Search = Record<string, string | string[]>;

/** `?status=failed&kind=a&kind=b`: plain strings, a repeated name is a list. Pages parse what they read. */
export function parseSearch(text: string): Search {
  const query = new URLSearchParams(text);
  const valuesOf = (name: string) => {
    const [first = "", ...more] = query.getAll(name);
    return more.length === 0 ? first : [first, ...more];
  };
  return Object.fromEntries([...query.keys()].map((name) => [name, valuesOf(name)]));
}

export function writeSearch(search: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === "string" && one !== "") query.append(name, one);
    }
  }
  const text = query.toString();
  return text && `?${text}`;
}

/** The value of `$name` in the path of this page. */
export function usePathParam(name: string): string {
  const params: Record<string, string | undefined> = useParams({ strict: false });
  return params[name] ?? "";
}

/** The query of the address and a function that changes some of it; an empty value removes the name. */
export function useAddress(): [Search, (change: Record<string, string | string[]>, options?: { push?: boolean }) => void] {
  const search = useSearch({ strict: false }) as unknown as Search;
  const navigate = useNavigate();
  const router = useRouter();
  const change = (values: Record<string, string | string[]>, options?: { push?: boolean }): void => {
    const here = router.state.resolvedLocation?.pathname;
    // A search that follows the typing must not lead back from the page that a click has begun to open.
    if (here !== undefined && router.latestLocation.pathname !== here) return;
    void navigate({ to: ".", search: (before: Search) => ({ ...before, ...values }), replace: !options?.push, resetScroll: false } as never);
  };
  return [search, change];
}
