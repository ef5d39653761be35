import { defineConfig } from "vitest/config";

/** Tests that start a real gateway. */
const ON_A_GATEWAY = [
  "test/gateway/**/*.test.ts",
  "test/install/**/*.test.ts",
  "test/agent/http-agent.test.ts",
  "test/scripts/connect.test.ts",
];

/**
 * Two projects: tests on a real gateway wait for processes of their own and get more time. Two files at a time, on
 * any machine: more gateways than that would measure the machine instead of the phone.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
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
          globalSetup: ["test/gateway/first-start.ts"],
          testTimeout: 40_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
