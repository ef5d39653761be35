/** Owns what differs between the lines of different carriers: which parts a line is put together from. */

import type { KnownSchedule } from "../briefings/preparer.ts";
import type {
  CallDirection,
  CallFollowing,
  CallRecords,
  Carrier,
  TranscriptLine,
} from "../carriers/carrier.ts";
import { CarrierRefused } from "../carriers/carrier-errors.ts";
import { type ClawCallCarrier, createClawCallCarrier } from "../carriers/clawcall/carrier.ts";
import { clawCallRecords } from "../carriers/clawcall/records.ts";
import { ClawCallRest } from "../carriers/clawcall/rest.ts";
import { secondListener } from "../carriers/clawcall/second-listener.ts";
import { createClawdTalkCarrier } from "../carriers/clawdtalk/carrier.ts";
import { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import { createStepOneCarrier } from "../carriers/stepone/carrier.ts";
import { stepOneFollowing } from "../carriers/stepone/conversation.ts";
import { StepOneRest } from "../carriers/stepone/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import type { RingLog } from "../log.ts";

/** A line's carrier, and what it can be asked beside its events. */
export interface LineCarrier {
  readonly carrier: Carrier;
  /** Which way a call goes. Undefined when the carrier does not say. Throws a `CarrierError`. */
  askDirection?(callId: string): Promise<CallDirection | undefined>;
  /** Ends a call from outside. Throws a `CarrierError`. Missing where the carrier cannot. */
  endCall?(callId: string): Promise<void>;
  readonly records?: CallRecords;
  /** Where the carrier leads its calls itself: what is said on them, and how they end. */
  readonly following?: CallFollowing;
  /**
   * A sentence when the transcript of a finished call holds words of the agent that are not ours: somebody else
   * listens with the same key. `greeting` is ours too. Only for calls this process has answered from their beginning.
   */
  secondListener?(call: {
    readonly callId: string;
    readonly transcript: readonly TranscriptLine[];
    readonly greeting: string | undefined;
  }): string | undefined;
  /**
   * Speaks to whoever waits on a call on which nothing was heard or answered since (milliseconds since the epoch).
   * Never rejects.
   */
  askAgain?(callId: string, text: string, sinceMs: number): Promise<boolean>;
  /** For sending texts. */
  readonly texts?: ClawdTalkRest;
  /** The scheduled calls the service makes by itself. Throws a `CarrierError`. */
  schedules?(): Promise<readonly KnownSchedule[]>;
  readonly bridge?: { readonly host: string; readonly port: number; receive: ClawCallCarrier["receive"] };
}

export function openLineCarrier(
  line: UsableLine,
  using: {
    readonly config: Pick<SwitchboardConfig, "ownerName" | "agentName">;
    readonly version: string;
    readonly log: RingLog;
  },
): LineCarrier {
  const { config, version, log } = using;
  if (line.carrier === "clawcall") {
    const rest = new ClawCallRest({ baseUrl: line.apiUrl, apiKey: line.apiKey, version });
    const carrier = createClawCallCarrier({ line, rest, log, version });
    return {
      carrier,
      records: clawCallRecords(rest),
      askAgain: (callId, text, sinceMs) => carrier.askAgain(callId, text, sinceMs),
      secondListener: ({ callId, transcript, greeting }) => {
        const answered = carrier.answersOn(callId);
        // A call we have no part in says nothing of others.
        if (answered.length === 0) return undefined;
        return secondListener({
          callId,
          transcript,
          answered: greeting === undefined ? answered : [greeting, ...answered],
        });
      },
      schedules: async () =>
        (await schedulesOf(rest))
          .filter(({ isActive }) => isActive !== false)
          .flatMap(({ id, label, cron, timezone, taskContext }) =>
            cron === undefined
              ? []
              : [{ id, label: label ?? "", cron, timezone: timezone ?? "UTC", task: taskContext ?? "" }],
          ),
      ...(line.bridge
        ? {
            bridge: {
              host: line.bridgeHost,
              port: line.bridgePort,
              receive: (message) => carrier.receive(message),
            },
          }
        : {}),
    };
  }
  if (line.carrier === "stepone") {
    const rest = new StepOneRest({ baseUrl: line.apiUrl, apiKey: line.apiKey });
    return { carrier: createStepOneCarrier({ line, log }), following: stepOneFollowing(rest) };
  }
  const rest = new ClawdTalkRest({ apiUrl: line.apiUrl, apiKey: line.apiKey, version });
  return {
    carrier: createClawdTalkCarrier({
      line,
      ...(config.ownerName === undefined ? {} : { ownerName: config.ownerName }),
      ...(config.agentName === undefined ? {} : { agentName: config.agentName }),
      version,
      log,
      logLines: () => log.lines(),
    }),
    askDirection: async (callId) => (await rest.getCall(callId)).direction,
    endCall: async (callId) => {
      await rest.endCall(callId, "user_ended");
    },
    texts: rest,
  };
}

/** None where the account's tier has none. */
async function schedulesOf(rest: ClawCallRest): Promise<Awaited<ReturnType<ClawCallRest["schedules"]>>> {
  try {
    return await rest.schedules();
  } catch (error) {
    if (error instanceof CarrierRefused && error.status === 403) return [];
    throw error;
  }
}
