/** One holder at a time, over all tabs of an origin. */

/** Run a task while no other tab runs one of this name. Without a secure context, other tabs are not seen. */
export async function withLock<T>(name: string, task: () => Promise<T>): Promise<T> {
  // The types know no page without a secure context.
  const locks = typeof navigator === "undefined" ? undefined : (navigator.locks as LockManager | undefined);
  if (locks === undefined) return task();
  return locks.request(name, task);
}
