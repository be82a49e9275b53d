import { runnerImport, type Plugin } from "vite";

interface Entry {
  path: string;
  description?: string;
  developmentOnly?: boolean;
}

/**
 * Write `routes.json` from the navigation table: the paths that the gateway answers with index.html, and whether search
 * engines may list them, which are those with a description.
 */
export function routeList(): Plugin {
  return {
    name: "imageshield-routes",
    apply: "build",
    async generateBundle() {
      const { module } = await runnerImport<{ navigation: Entry[] }>(new URL("src/app/navigation.ts", import.meta.url).pathname);
      const routes = module.navigation
        .filter((entry) => !entry.developmentOnly)
        .map(({ path, description }) => ({ path: pattern(path), index: description !== undefined }));
      this.emitFile({ type: "asset", fileName: "routes.json", source: `${JSON.stringify(routes, null, 1)}\n` });
    },
  };
}

/** `/jobs/$job` of the router is `/jobs/:job` for everyone else. */
const pattern = (path: string): string => path.replaceAll("$", ":");
