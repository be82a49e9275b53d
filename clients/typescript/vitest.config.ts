import { configDefaults, defineConfig } from "vitest/config";

// tests/service needs a running service: vitest.service.config.ts.
export default defineConfig({
  test: { include: ["tests/**/*.test.ts"], exclude: [...configDefaults.exclude, "tests/service/**"], testTimeout: 60_000 },
});
