import { defineConfig } from "vitest/config";

/**
 * Two projects: tests on a real gateway start processes of their own and are kept one file at a time, so that two
 * cores give the same answers as eight; everything else runs beside them.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "units",
          include: ["test/**/*.test.ts"],
          exclude: ["test/gateway/**", "test/install/**"],
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "gateway",
          include: ["test/gateway/**/*.test.ts", "test/install/**/*.test.ts"],
          testTimeout: 40_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
