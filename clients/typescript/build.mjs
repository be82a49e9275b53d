// Builds the package that is published, in dist/: JavaScript for Node 20 and browsers. `npm pack ./dist` packs it.

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

process.chdir(import.meta.dirname);
rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["../../node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });

// The compiler rewrites imports, and no other address.
const running = readFileSync("dist/local/running.js", "utf8");
const rewritten = running.replace('"./engine.worker.ts"', '"./engine.worker.js"');
if (rewritten === running) throw new Error("dist/local/running.js does not name the worker");
writeFileSync("dist/local/running.js", rewritten);

const { scripts: _scripts, devDependencies: _tools, exports, ...published } = JSON.parse(readFileSync("package.json", "utf8"));
const built = Object.entries(exports).map(([name, source]) => {
  const path = source.replace("./src/", "./").replace(/\.ts$/, "");
  return [name, { types: `${path}.d.ts`, default: `${path}.js` }];
});
writeFileSync("dist/package.json", `${JSON.stringify({ ...published, exports: Object.fromEntries(built) }, null, 2)}\n`);
cpSync("README.md", "dist/README.md");
cpSync("../../LICENSE", "dist/LICENSE");
