import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["holdfast-source", "module", "node", "development|production"] },
  ssr: { resolve: { conditions: ["holdfast-source", "module", "node", "development|production"] } },
  test: {
    include: ["packages/*/test/**/*.test.{ts,tsx}", "app/test/**/*.test.{ts,tsx}"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    testTimeout: 10_000,
    maxWorkers: 2,
  },
});
