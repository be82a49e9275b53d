/** One holder at a time, over all tabs of an origin. */

const inThisTab = new Map<string, Promise<unknown>>();

/** Run a task while no other of this name runs. Without a secure context, those of other tabs are not seen. */
export async function withLock<T>(name: string, task: () => Promise<T>): Promise<T> {
  // The types know no page without a secure context, and no program.
  const locks = typeof navigator === "undefined" ? undefined : (navigator.locks as LockManager | undefined);
  return locks === undefined ? queue(name, task) : locks.request(name, task);
}

function queue<T>(name: string, task: () => Promise<T>): Promise<T> {
  const before = inThisTab.get(name) ?? Promise.resolve();
  const result = before.then(task);
  inThisTab.set(name, result.catch(() => undefined));
  return result;
}
