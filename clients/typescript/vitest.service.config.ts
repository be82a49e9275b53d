import { defineConfig } from "vitest/config";

// Against the service at IMAGESHIELD_URL: tests/flows/test_typescript_client.py starts one.
export default defineConfig({ test: { include: ["tests/service/**/*.test.ts"], testTimeout: 120_000, fileParallelism: false } });
