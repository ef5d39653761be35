import { defineConfig } from "vitest/config";

/** Tests that start a real gateway. */
const ON_A_GATEWAY = [
  "test/gateway/**/*.test.ts",
  "test/install/**/*.test.ts",
  "test/agent/http-agent.test.ts",
  "test/scripts/connect.test.ts",
];

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
          exclude: ON_A_GATEWAY,
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "gateway",
          include: ON_A_GATEWAY,
          testTimeout: 40_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
