import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests that start a real gateway. */
const ON_A_GATEWAY = ["test/gateway/**/*.test.ts", "test/install/**/*.test.ts"];

/** Of these the ones that take longest, in this order. */
const LONGEST = [
  "answering",
  "restarts",
  "calling",
  "settings",
  "wizard",
  "install",
  "outside",
  "missions",
  "doctor",
  "demo",
];

/** What takes long comes first, so that nothing long is left over at the end for one worker alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification) => {
      if (project.name !== "gateway") return LONGEST.length + 1;
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

/**
 * Two projects: tests on a real gateway wait for processes of their own and get more time. Two files at a time, on
 * any machine: more gateways than that would measure the machine instead of the phone.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
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
