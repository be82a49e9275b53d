import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  logLevel: "warn",
  worker: { format: "es" },
  build: { target: "es2022", modulePreload: { polyfill: false }, rolldownOptions: { input: "vectors.html" } },
});
