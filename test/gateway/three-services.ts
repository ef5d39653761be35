/** Owns the practice servers of all three services at once, for a gateway with a line at each. */
import {
  type ClawCallOptions,
  type ClawCallPractice,
  startClawCallPractice,
} from "../../plugin/practice/clawcall-server.ts";
import {
  type ClawdTalkOptions,
  type ClawdTalkPractice,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import {
  type StepOneOptions,
  type StepOnePractice,
  startStepOnePractice,
} from "../../plugin/practice/stepone-server.ts";
import { OWNER } from "./phone-line.ts";

export interface ThreeServices {
  readonly clawdtalk: ClawdTalkPractice;
  readonly clawcall: ClawCallPractice;
  readonly stepone: StepOnePractice;
  /** Where they are, as a gateway is told. */
  readonly places: {
    readonly clawdtalkServer: string;
    readonly clawcallBaseUrl: string;
    readonly steponeBase: string;
  };
  close(): Promise<void>;
}

/** ClawCall's dedicated number. */
export const DEDICATED = "+15550003334";

/** Starts them. ClawCall looks for what is scheduled once an hour, StepOne's calls take a fifth of their time. */
export async function startThreeServices(
  options: {
    readonly clawdtalk?: ClawdTalkOptions;
    readonly clawcall?: ClawCallOptions;
    readonly stepone?: StepOneOptions;
  } = {},
): Promise<ThreeServices> {
  const [clawdtalk, clawcall, stepone] = await Promise.all([
    startClawdTalkPractice({ ownerNumber: OWNER, dedicatedNumber: "+15550003333", ...options.clawdtalk }),
    startClawCallPractice({
      ownerNumber: OWNER,
      dedicatedNumber: DEDICATED,
      tier: "pro",
      timings: { scheduleCheckMs: 3_600_000 },
      ...options.clawcall,
    }),
    startStepOnePractice({ timeScale: 0.2, ...options.stepone }),
  ]);
  return {
    clawdtalk,
    clawcall,
    stepone,
    places: { clawdtalkServer: clawdtalk.url, clawcallBaseUrl: clawcall.url, steponeBase: stepone.url },
    close: async () => void (await Promise.all([clawdtalk.close(), clawcall.close(), stepone.close()])),
  };
}
