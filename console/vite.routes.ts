import { runnerImport, type Plugin } from "vite";

interface Entry {
  path: string;
  developmentOnly?: boolean;
}

/** Write `routes.json`, the paths that the gateway answers with index.html, from the navigation table. */
export function routeList(): Plugin {
  return {
    name: "imageshield-routes",
    apply: "build",
    async generateBundle() {
      const { module } = await runnerImport<{ navigation: Entry[] }>(new URL("src/app/navigation.ts", import.meta.url).pathname);
      const paths = module.navigation.filter((entry) => !entry.developmentOnly).map((entry) => pattern(entry.path));
      this.emitFile({ type: "asset", fileName: "routes.json", source: `${JSON.stringify(paths, null, 1)}\n` });
    },
  };
}

/** `/jobs/$job` of the router is `/jobs/:job` for everyone else. */
const pattern = (path: string): string => path.replaceAll("$", ":");
