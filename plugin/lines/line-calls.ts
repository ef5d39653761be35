/**
 * Owns how calls are placed, looked at and ended from outside a gateway, and what an account may do, on whichever
 * carrier. What belongs to one carrier is loaded for lines of that carrier alone.
 */
import type { CallPlacer } from "../calls/place-call.ts";
import type { CallDirection, TranscriptLine } from "../carriers/carrier.ts";
import type { ClawCallAccount } from "../carriers/clawcall/rest.ts";
import type { ClawdTalkAccount } from "../carriers/clawdtalk/rest.ts";
import type { HttpOptions } from "../carriers/http.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { CarrierName, SwitchboardConfig } from "../config/schema.ts";

/** The carrier's list does not have the call, which may stand there later. The message is for people. */
export class NotListed extends Error {
  override readonly name = "NotListed";
}

/** A call as its carrier knows it. */
export interface ShownCall {
  readonly callId: string;
  /** In the carrier's words. */
  readonly status: string | undefined;
  readonly direction: CallDirection | undefined;
  /** UTC ISO 8601. */
  readonly startedAt: string | undefined;
  readonly durationSeconds: number | undefined;
  /** Undefined when the carrier does not say. */
  readonly isOver: boolean | undefined;
  /** As the carrier writes it. */
  readonly cost: string | undefined;
}

/** Whether something can be done. */
export type Ability =
  | { readonly can: true }
  | {
      readonly can: false;
      /** A clause without its end: "its ClawCall account is Free". */
      readonly because: string;
      /** What to do about it, as the end of a sentence: "get a dedicated number at clawdtalk.com". */
      readonly remedy: string;
    };

/** What an account may do, as its service says. */
export interface LineAccount {
  readonly callsOwner: Ability;
  readonly callsOthers: Ability;
  readonly texts: Ability;
  /** "Pro", in the carrier's words. */
  readonly tier?: string;
  /** The number calls come from and go to, as the carrier writes it. */
  readonly number?: string;
  /** "83 of 120 minutes of this month". */
  readonly left?: string;
  /** What is wrong with the account for which it could be mended there. */
  readonly trouble?: Omit<Extract<Ability, { can: false }>, "can">;
}

/** What can be done with calls, on whichever carrier. Each throws a `CarrierError`, or an Error in a sentence. */
export interface LineCalls {
  readonly placer: CallPlacer;
  /** Whether a call to somebody else is led by its purpose instead of a greeting, and cannot be placed without one. */
  readonly isLedByPurpose: boolean;
  /** Asks the service what the account may do. @throws CarrierError */
  account(): Promise<LineAccount>;
  show(callId: string): Promise<ShownCall>;
  end(callId: string, reason: string): Promise<{ readonly durationSeconds: number | undefined }>;
  /**
   * What was said, as the carrier wrote it down; undefined as long as it has not. Missing where carriers keep none.
   */
  transcript?(
    callId: string,
  ): Promise<{ readonly lines: readonly TranscriptLine[]; readonly cost: string | undefined } | undefined>;
  /**
   * The conversation as it is spoken, from its beginning; returns how it ended. Throws the signal's reason. Missing where
   * it reaches us only in the gateway.
   */
  live?(callId: string, signal: AbortSignal): AsyncGenerator<TranscriptLine, "done" | "timeout">;
}

type Owner = Pick<SwitchboardConfig, "ownerName" | "agentName" | "ownerNumbers">;

/** How long a service is waited for when somebody waits for an answer of several of them. */
type Patience = Pick<HttpOptions, "timeoutMs" | "retry" | "fetch">;

/**
 * The calls of a line.
 *
 * @param patience for what is looked up; the services' own unless given.
 */
export async function callsOf(line: UsableLine, config: Owner, patience: Patience = {}): Promise<LineCalls> {
  return await openers[line.carrier](line, config, patience);
}

/** What a carrier's best account can do, known without asking. */
interface Reach {
  readonly owner: boolean;
  readonly others: boolean;
  readonly texts: boolean;
}

const REACH: Readonly<Record<CarrierName, Reach>> = {
  clawdtalk: { owner: true, others: true, texts: true },
  clawcall: { owner: true, others: true, texts: false },
  stepone: { owner: true, others: true, texts: false },
};

export function reachOf(carrier: CarrierName): Reach {
  return REACH[carrier];
}

/** Why a carrier without texts has none, with its title. */
export function noTexts(title: string): Extract<Ability, { can: false }> {
  return { can: false, because: `${title} has no texts`, remedy: "send texts over a line of ClawdTalk" };
}

/** StepOne calls mobile numbers of mainland China, and nobody else (wire page). */
export function isMainlandMobile(number: string): boolean {
  return /^\+861[3-9]\d{9}$/.test(number);
}

/** Why StepOne, which has no phone of the owner's on record, cannot ring them. */
export const NO_MAINLAND_MOBILE = {
  can: false,
  because: "StepOne calls mobile numbers of mainland China alone, and none is known as yours",
  remedy: 'add such a number of yours to "ownerNumbers"',
} as const satisfies Ability;

const CAN: Ability = { can: true };

/** Somebody waits for a line to be chosen, and there may be another one. */
const ASKED_SHORTLY = { timeoutMs: 8_000, retry: { times: 1, firstDelayMs: 300 } };

/** The words of ClawdTalk and of ClawCall for a call that is over, and for one that is not (wire page). */
const ENDED: ReadonlyMap<string, boolean> = new Map([
  ...["completed", "no-answer", "busy", "canceled", "failed"].map((status) => [status, true] as const),
  ...["initiating", "ringing", "in-progress", "ending"].map((status) => [status, false] as const),
]);

const openers: Readonly<
  Record<
    CarrierName,
    (line: Pick<UsableLine, "apiUrl" | "apiKey">, owner: Owner, patience: Patience) => Promise<LineCalls>
  >
> = {
  async clawdtalk({ apiUrl, apiKey }, _owner, patience) {
    const { ClawdTalkRest } = await import("../carriers/clawdtalk/rest.ts");
    const rest = new ClawdTalkRest({ apiUrl, apiKey, ...patience });
    const asked = new ClawdTalkRest({ apiUrl, apiKey, ...ASKED_SHORTLY, fetch: patience.fetch });
    return {
      placer: rest,
      isLedByPurpose: false,
      account: async () => clawdTalkAccount(await asked.me()),
      async show(callId) {
        const call = await rest.getCall(callId);
        return { ...call, isOver: ENDED.get(call.status ?? ""), cost: undefined };
      },
      end: (callId, reason) => rest.endCall(callId, reason),
    };
  },

  async clawcall({ apiUrl, apiKey }, _owner, patience) {
    const [{ ClawCallRest }, { clawCallPlacer }, { clawCallRecords }, { tiers }] = await Promise.all([
      import("../carriers/clawcall/rest.ts"),
      import("../carriers/clawcall/call-placer.ts"),
      import("../carriers/clawcall/records.ts"),
      import("../carriers/clawcall/terms.ts"),
    ]);
    const rest = new ClawCallRest({ baseUrl: apiUrl, apiKey, ...patience });
    const asked = new ClawCallRest({ baseUrl: apiUrl, apiKey, ...ASKED_SHORTLY, fetch: patience.fetch });
    const records = clawCallRecords(rest);
    return {
      placer: clawCallPlacer(rest),
      isLedByPurpose: true,
      account: async () => clawCallAccount(await asked.account(), tiers),
      async show(callId) {
        const call = (await rest.history({ limit: 100 })).find(({ callSid }) => callSid === callId);
        if (call === undefined) {
          throw new NotListed(
            `ClawCall does not list the call ${callId}: a call out is listed once it was answered, and only the last 100 calls are looked at.`,
          );
        }
        const { status, direction, startedAt, durationSeconds, endedAt } = call;
        const isOver = endedAt === undefined ? ENDED.get(status ?? "") : true;
        return { callId, status, direction, startedAt, durationSeconds, isOver, cost: undefined };
      },
      async end() {
        throw new Error(
          "ClawCall cannot end a call from outside: hang up, or let the agent end it with its answer.",
        );
      },
      async transcript(callId) {
        const record = await records.find(callId, { transcript: true });
        if (record?.isOver !== true || record.transcript === undefined) return undefined;
        return { lines: record.transcript, cost: record.cost };
      },
    };
  },

  async stepone({ apiUrl, apiKey }, owner, patience) {
    const [{ StepOneRest }, { stepOnePlacer }, { conversationOf, costOf, inOurWords }] = await Promise.all([
      import("../carriers/stepone/rest.ts"),
      import("../carriers/stepone/call-placer.ts"),
      import("../carriers/stepone/conversation.ts"),
    ]);
    const rest = new StepOneRest({ baseUrl: apiUrl, apiKey, ...patience });
    const asked = new StepOneRest({ baseUrl: apiUrl, apiKey, ...ASKED_SHORTLY, fetch: patience.fetch });
    return {
      placer: stepOnePlacer(rest, owner),
      isLedByPurpose: true,
      async account() {
        // There is nothing to ask about the account; this tells whether the key and our version are taken.
        await asked.skillVersion();
        const callsOwner = owner.ownerNumbers.some(isMainlandMobile) ? CAN : NO_MAINLAND_MOBILE;
        return { callsOwner, callsOthers: CAN, texts: noTexts("StepOne") };
      },
      async show(callId) {
        const record = await rest.record(callId);
        const { status } = (record?.providerResponse ?? {}) as { readonly status?: unknown };
        return {
          callId,
          status: typeof status === "string" ? status : undefined,
          direction: "outbound",
          startedAt: undefined,
          durationSeconds: record?.durationSeconds,
          // The record comes some time after the end: without one, nothing is known.
          isOver: record === undefined ? undefined : true,
          cost: record === undefined ? undefined : costOf(record),
        };
      },
      async end() {
        throw new Error(
          "StepOne cannot end a call from outside: its own AI leads the call, and ends it when the other side hangs up or all is said.",
        );
      },
      async transcript(callId) {
        const record = await rest.record(callId);
        return record && { lines: record.transcript.map(inOurWords), cost: costOf(record) };
      },
      live: (callId, signal) => conversationOf(rest, callId, { signal }),
    };
  },
};

/** Calls to others need a paid account with a dedicated number (wire page). What is not told counts as there. */
function clawdTalkAccount(account: ClawdTalkAccount): LineAccount {
  const { tier, dedicatedNumber, systemNumber, phoneVerified } = account;
  const number = dedicatedNumber ?? systemNumber;
  const remedy = "get a paid ClawdTalk account with a dedicated number at clawdtalk.com";
  const callsOthers: Ability =
    dedicatedNumber === null
      ? { can: false, because: "its ClawdTalk account has no dedicated number", remedy }
      : tier?.toLowerCase() === "free"
        ? { can: false, because: "its ClawdTalk account is Free", remedy }
        : CAN;
  return {
    callsOwner: CAN,
    callsOthers,
    texts: CAN,
    ...(tier === undefined ? {} : { tier }),
    ...(number === undefined ? {} : { number }),
    ...(phoneVerified === false
      ? {
          trouble: {
            because: "the phone number of its ClawdTalk account is not verified",
            remedy: "verify it at clawdtalk.com",
          },
        }
      : {}),
  };
}

/** The tiers' limits are the wire page's; a tier that is not known can do what the service does not refuse. */
function clawCallAccount(
  { tier, agentNumber, minutesRemaining, minutesLimit }: ClawCallAccount,
  tiers: typeof import("../carriers/clawcall/terms.ts")["tiers"],
): LineAccount {
  const terms = new Map(Object.entries(tiers)).get(tier?.toLowerCase() ?? "");
  const title = terms?.title ?? tier;
  const isUsedUp = minutesRemaining !== undefined && minutesRemaining <= 0;
  const usedUp = {
    because: "its ClawCall minutes of this month are used up",
    remedy: 'wait for the first of the month, or change its tier ("clawcall billing status" shows it)',
  };
  const callsOut: Ability =
    terms?.callsOut === false
      ? {
          can: false,
          because: `its ClawCall account is ${terms.title}`,
          remedy: 'change its tier ("clawcall billing checkout pro" shows what it costs)',
        }
      : isUsedUp
        ? { can: false, ...usedUp }
        : CAN;
  const left =
    minutesRemaining === undefined
      ? undefined
      : `${whole(minutesRemaining)}${minutesLimit === undefined ? "" : ` of ${whole(minutesLimit)}`} minutes of this month`;
  return {
    callsOwner: callsOut,
    callsOthers: callsOut,
    texts: noTexts("ClawCall"),
    ...(title === undefined ? {} : { tier: title }),
    ...(agentNumber === undefined ? {} : { number: agentNumber }),
    ...(left === undefined ? {} : { left }),
    ...(isUsedUp ? { trouble: usedUp } : {}),
  };
}

/** Minutes that have begun are counted by the service; what is not whole is cut, so that no more is promised. */
function whole(minutes: number): string {
  return String(Math.floor(minutes));
}
