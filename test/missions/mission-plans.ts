/** Plans, targets and settings of tests: everything there is to say, said in a few words. */
import { type E164, requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { lineDefaults, type SwitchboardConfig, settingsDefaults } from "../../plugin/config/schema.ts";
import type { MissionPlan, PlanTarget } from "../../plugin/missions/plan.ts";

/** A Wednesday, ten in the morning in New York. */
export const START = Date.UTC(2026, 0, 7, 15);

export const LINE = "clawdtalk";

/** A number in New York. */
export function number(index: number): E164 {
  return requirePhoneNumber(`+1212555${String(1000 + index)}`);
}

export function target(index: number, given: Partial<PlanTarget> = {}): PlanTarget {
  return { name: `Target ${index}`, number: number(index), kind: "service", facts: {}, ...given };
}

export function plan(given: Partial<MissionPlan> & { readonly targets: readonly PlanTarget[] }): MissionPlan {
  return {
    name: "Window washers",
    class: "sweep",
    instructions: "Ask what they charge.",
    request: "Find somebody to wash my windows.",
    channel: "call",
    questions: ["What do you charge?"],
    rubric: [],
    rounds: [],
    limits: { attempts: 3, batch: 8, staggerSeconds: 90 },
    window: { from: 9 * 60, to: 17 * 60, days: [1, 2, 3, 4, 5] },
    assistant: {},
    ...given,
  };
}

export const config: SwitchboardConfig = {
  ...settingsDefaults,
  ownerName: "Ada",
  hours: { ...settingsDefaults.hours, timezone: "America/New_York" },
  ownerNumbers: [],
  lines: [
    {
      ...lineDefaults,
      carrier: "clawdtalk",
      name: LINE,
      enabled: true,
      server: "http://127.0.0.1",
      apiUrl: "http://127.0.0.1/v1",
      turnTimeoutMs: 1_000,
    },
  ],
};
