type Enter = (path: string) => Promise<void>;

let enter: Enter = (path) => {
  location.assign(path);
  return Promise.resolve();
};

/** Go from a page outside of the router into the console. */
export const enterConsole: Enter = (path) => enter(path);

/** How that is done: the start of the app says it, since pages do not know the app. */
export function whenEntering(how: Enter): void {
  enter = how;
}
