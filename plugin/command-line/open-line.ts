/**
 * Owns how a command comes to the service of its line. What belongs to one carrier is loaded for lines of that carrier
 * alone.
 */
import type { CallPlacer } from "../calls/place-call.ts";
import type { CallDirection } from "../carriers/carrier.ts";
import type { ClawCallRest } from "../carriers/clawcall/rest.ts";
import type { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { CarrierName } from "../config/schema.ts";
import type { CommonOptions, Settings } from "./run.ts";

/** A call as its carrier knows it. */
export interface ShownCall {
  readonly callId: string;
  /** In the carrier's words. */
  readonly status: string | undefined;
  readonly direction: CallDirection | undefined;
  /** UTC ISO 8601. */
  readonly startedAt: string | undefined;
  readonly durationSeconds: number | undefined;
}

/** What commands do with calls, on whichever carrier. Each throws a `CarrierError`, or an Error in a sentence. */
export interface LineCalls {
  readonly placer: CallPlacer;
  /** Whether a call to somebody else is led by its purpose instead of a greeting, and cannot be placed without one. */
  readonly isLedByPurpose: boolean;
  show(callId: string): Promise<ShownCall>;
  end(callId: string, reason: string): Promise<{ readonly durationSeconds: number | undefined }>;
}

/**
 * The line a command uses, and its calls.
 *
 * @param wanted the carriers that will do; all of them when undefined.
 * @throws NoUsableLine
 */
export async function openCalls(
  options: CommonOptions,
  settings: Settings,
  wanted?: readonly CarrierName[],
): Promise<{ line: UsableLine; calls: LineCalls }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line, wanted);
  return { line, calls: await callsOf[line.carrier](line) };
}

/**
 * The ClawdTalk line a command uses, and its service.
 *
 * @throws NoUsableLine
 */
export async function openClawdTalkLine(
  options: CommonOptions,
  settings: Settings,
): Promise<{ line: UsableLine<"clawdtalk">; rest: ClawdTalkRest }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line, ["clawdtalk"]);
  return { line, rest: await clawdTalkRest(line) };
}

/**
 * The ClawCall line a command uses, and its service.
 *
 * @throws NoUsableLine
 */
export async function openClawCallLine(
  options: CommonOptions,
  settings: Settings,
): Promise<{ line: UsableLine<"clawcall">; rest: ClawCallRest }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line, ["clawcall"]);
  return { line, rest: await clawCallRest(line) };
}

type Account = Pick<UsableLine, "apiUrl" | "apiKey">;

const callsOf: Readonly<Record<CarrierName, (line: Account) => Promise<LineCalls>>> = {
  async clawdtalk(line) {
    const rest = await clawdTalkRest(line);
    return {
      placer: rest,
      isLedByPurpose: false,
      show: (callId) => rest.getCall(callId),
      end: (callId, reason) => rest.endCall(callId, reason),
    };
  },
  async clawcall(line) {
    const { clawCallPlacer } = await import("../carriers/clawcall/call-placer.ts");
    const rest = await clawCallRest(line);
    return {
      placer: clawCallPlacer(rest),
      isLedByPurpose: true,
      async show(callId) {
        const call = (await rest.history({ limit: 100 })).find(({ callSid }) => callSid === callId);
        if (call === undefined) {
          throw new Error(
            `ClawCall does not list the call ${callId}: a call out is listed once it was answered, and only the last 100 calls are looked at.`,
          );
        }
        const { status, direction, startedAt, durationSeconds } = call;
        return { callId, status, direction, startedAt, durationSeconds };
      },
      async end() {
        throw new Error(
          "ClawCall cannot end a call from outside: hang up, or let the agent end it with its answer.",
        );
      },
    };
  },
};

async function clawdTalkRest({ apiUrl, apiKey }: Account): Promise<ClawdTalkRest> {
  const { ClawdTalkRest } = await import("../carriers/clawdtalk/rest.ts");
  return new ClawdTalkRest({ apiUrl, apiKey });
}

async function clawCallRest({ apiUrl, apiKey }: Account): Promise<ClawCallRest> {
  const { ClawCallRest } = await import("../carriers/clawcall/rest.ts");
  return new ClawCallRest({ baseUrl: apiUrl, apiKey });
}
