import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  ssr: { noExternal: true },
  build: { ssr: "decrypt.ts", target: "es2022" },
});
