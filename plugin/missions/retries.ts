/**
 * Owns whether somebody is called again, and when: by what came of the call, and by what answers there (seeds, "Retry
 * Strategy" and "Call Status Values"). The earliest time; calling-times.ts finds the hour.
 *
 * | outcome   | automated | service       | professional      | person         |
 * | --------- | --------- | ------------- | ----------------- | -------------- |
 * | no-answer | 5-15 min  | 30 min - 2 h  | next business day | 2-4 h          |
 * | busy      | 10-15 min | 10-15 min     | 10-15 min         | 10-15 min      |
 * | failed    | 5-10 min  | 5-10 min      | 5-10 min          | 5-10 min       |
 * | voicemail | 5-15 min  | 30 min - 2 h  | over: one at most | over           |
 * | canceled  | over      | over          | over              | over           |
 *
 * The seeds say nothing of private persons: they are asked again the same day, and get one voicemail as well. An automated
 * system is called three times at most, whatever the plan says.
 */
import type { SwitchboardConfig } from "../config/schema.ts";
import { endOfDay } from "../limits/local-time.ts";
import type { MissionTarget } from "../store/mission-work.ts";
import { zonesOfTarget } from "./calling-times.ts";
import type { MissionPlan, RecipientKind } from "./plan.ts";

const MINUTE_MS = 60_000;

/** From, to, in minutes. */
type Again = readonly [number, number] | "next business day" | "over";
type Unreached = "no-answer" | "busy" | "failed" | "voicemail" | "canceled";

const SOON: Again = [5, 15];
const WHEN_BUSY: Again = [10, 15];
const WHEN_FAILED: Again = [5, 10];
const LATER: Again = [30, 120];

export const RETRIES: Readonly<Record<Unreached, Readonly<Record<RecipientKind, Again>>>> = {
  "no-answer": { automated: SOON, service: LATER, professional: "next business day", person: [120, 240] },
  busy: { automated: WHEN_BUSY, service: WHEN_BUSY, professional: WHEN_BUSY, person: WHEN_BUSY },
  failed: { automated: WHEN_FAILED, service: WHEN_FAILED, professional: WHEN_FAILED, person: WHEN_FAILED },
  voicemail: { automated: SOON, service: LATER, professional: "over", person: "over" },
  canceled: { automated: "over", service: "over", professional: "over", person: "over" },
};

const MOST_ATTEMPTS: Partial<Record<RecipientKind, number>> = { automated: 3 };

const WORDS: Readonly<Record<Unreached, string>> = {
  "no-answer": "Nobody answered",
  busy: "The line was busy",
  failed: "It could not be connected",
  voicemail: "A machine answered",
  canceled: "It was called off",
};

/** What becomes of a target whose call or text is over. */
export type AfterOutcome =
  /** Called again, and not before. */
  | { readonly again: Date }
  /** `detail` is a sentence for people. */
  | { readonly over: "done" | "failed"; readonly detail?: string };

/** What is done after the outcome of a call or text. */
export async function afterOutcome(
  target: Pick<MissionTarget, "kind" | "outcome" | "attempts" | "number" | "timezone">,
  using: {
    readonly plan: Pick<MissionPlan, "limits">;
    readonly config: Pick<SwitchboardConfig, "hours">;
    readonly now: Date;
    /** From 0 to 1. */
    readonly random: () => number;
  },
): Promise<AfterOutcome> {
  const { kind, outcome, attempts } = target;
  const { plan, config, now, random } = using;
  if (outcome === "completed" || outcome === "delivered") return { over: "done" };
  if (!isUnreached(outcome)) return { over: "failed", detail: "What came of it is not known." };
  const most = Math.min(plan.limits.attempts, MOST_ATTEMPTS[kind] ?? Number.POSITIVE_INFINITY);
  const again = RETRIES[outcome][kind];
  if (again === "over" || attempts >= most) {
    return {
      over: "failed",
      detail: `${WORDS[outcome]}${attempts > 1 ? ` (tried ${attempts} times)` : ""}.`,
    };
  }
  if (again === "next business day") {
    const zones = await zonesOfTarget(target, config);
    const tomorrows = zones.map((zone) => endOfDay(now, zone).getTime());
    return { again: new Date(Math.max(now.getTime(), ...tomorrows)) };
  }
  const [from, to] = again;
  return { again: new Date(now.getTime() + Math.round((from + random() * (to - from)) * MINUTE_MS)) };
}

function isUnreached(outcome: string | undefined): outcome is Unreached {
  return outcome !== undefined && Object.hasOwn(RETRIES, outcome);
}
