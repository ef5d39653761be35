// Owns the calls of a ClawCall practice server: who gets through, phones that ring and what their owners do, and
// the history of it all.
import { type Accounts, type ClawCallAgent, minutesOf } from "./clawcall-accounts.ts";
import {
  type ClawCallFacts,
  type ClawCallHeard,
  type ClawCallLine,
  ClawCallPracticeCall,
} from "./clawcall-caller.ts";
import type { PracticeLine } from "./clawcall-line.ts";
import type { Listening } from "./clawcall-listening.ts";
import type { Slots } from "./clawcall-slots.ts";
import { message } from "./clawcall-wire.ts";
import { PracticeError, type WaitOptions } from "./waiting.ts";

/** What a scripted person does after a line: says something, says nothing, or hangs up. */
export type ClawCallReply = string | undefined | { readonly hangUp: true };

/** What the person does whose phone rings. */
export type ClawCallCallee =
  /** Picks up. With lines: says one after each line heard, then hangs up. Without `says`: waits to be told. */
  | {
      readonly does: "answer";
      readonly says?:
        | readonly string[]
        | ((heard: ClawCallHeard, call: ClawCallPracticeCall) => ClawCallReply | Promise<ClawCallReply>);
    }
  | { readonly does: "busy" | "no-answer" };

export interface ClawCallRingOptions {
  /** Default the owner's number. */
  readonly from?: string;
  /** The number dialled; default the shared one. */
  readonly to?: string;
  /** Dial the first account's own number. */
  readonly toDedicated?: boolean;
}

/** One row of `GET /calls/history`. */
export interface ClawCallRow {
  readonly id: string;
  readonly twilio_call_sid: string;
  readonly direction: "inbound" | "outbound";
  readonly call_type: "user_initiated" | "task_callback" | "scheduled" | "third_party";
  readonly from_number: string | null;
  readonly to_number: string | null;
  readonly duration_seconds: number | null;
  readonly status: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly transcript?: readonly object[];
}

const CALL_TYPES = {
  inbound: "user_initiated",
  callback: "task_callback",
  scheduled: "scheduled",
  "third-party": "third_party",
} as const;

const GREETING = "Hello, what can I do for you?";
const TURNED_AWAY = "This number is not registered. Goodbye.";
const MINUTES_USED_UP = "The minutes of this month are used up. Goodbye.";

/** What calls need beyond what all parts share. */
interface CallsHost extends PracticeLine {
  readonly accounts: Accounts;
  readonly listening: Listening;
  readonly slots: Slots;
  readonly unansweredInHistory: boolean;
  /** What people do whose phone rings, unless somebody planned it. */
  onRing(call: ClawCallPracticeCall): ClawCallCallee | Promise<ClawCallCallee>;
}

interface LoggedCall {
  readonly rowId: string;
  readonly call: ClawCallPracticeCall;
}

/** Somebody waits for the next call out, and may have said what its callee does. */
interface Plan {
  readonly callee: ClawCallCallee | undefined;
  call?: ClawCallPracticeCall;
}

interface OutboundFacts {
  readonly kind: Exclude<ClawCallFacts["kind"], "inbound">;
  readonly to: string;
  readonly jobId?: string;
  readonly callbackId?: string;
  readonly scheduleId?: string;
}

export class Calls {
  readonly all: ClawCallPracticeCall[] = [];
  readonly #host: CallsHost;
  readonly #log: LoggedCall[] = [];
  readonly #replies = new Map<string, (heard: ClawCallHeard) => void>();
  /** Calls out that nobody has asked for yet, and what is planned for those to come. */
  readonly #unclaimed: ClawCallPracticeCall[] = [];
  readonly #plans: Plan[] = [];

  constructor(host: CallsHost) {
    this.#host = host;
  }

  /** Whether calls out are refused with 429, and callers turned away. */
  minutesUsedUp(agent: ClawCallAgent): boolean {
    return this.#host.faults.minutesUsedUp || minutesOf(agent.account).usedUp;
  }

  ring(from: string, to: string): ClawCallPracticeCall {
    const agent = this.#host.accounts.reachedBy(from, to);
    const call = this.#newCall(agent, { kind: "inbound", from, to });
    if (!agent || this.minutesUsedUp(agent)) {
      call.speak(agent ? MINUTES_USED_UP : TURNED_AWAY, "service");
      call.finish({ by: "service", reason: agent ? "minutes_used_up" : "turned_away" });
      return call;
    }
    call.pickUp();
    call.speak(GREETING, "service");
    return call;
  }

  callBack(agent: ClawCallAgent, text: string, allowFollowup: boolean): ClawCallPracticeCall {
    const callbackId = this.#host.newId("callback");
    const to = agent.account.phoneNumber;
    return this.#place(agent, { kind: "callback", to, callbackId }, (call) => {
      call.speak(text, "agent");
      if (!allowFollowup) call.finish({ by: "agent", reason: "message_spoken" });
    });
  }

  callThirdParty(agent: ClawCallAgent, to: string, objective: string, context: string): ClawCallPracticeCall {
    const jobId = this.#host.newId("job");
    return this.#place(agent, { kind: "third-party", to, jobId }, (call) =>
      call.open(message.thirdPartyCall(objective, context)),
    );
  }

  callAsScheduled(agent: ClawCallAgent, scheduleId: string, task: string): ClawCallPracticeCall {
    const to = agent.account.phoneNumber;
    return this.#place(agent, { kind: "scheduled", to, scheduleId }, (call) =>
      call.open(message.scheduled(task)),
    );
  }

  /** See `ClawCallPractice.nextCall`. */
  async nextCall(callee: ClawCallCallee | undefined, options?: WaitOptions): Promise<ClawCallPracticeCall> {
    const plan: Plan = { callee };
    const placed = this.#unclaimed[0];
    if (placed && callee && (placed.answeredAt !== undefined || placed.end)) {
      throw new PracticeError(
        "The phone has rung already: say what its owner does before the call is placed.",
      );
    }
    if (placed) plan.call = this.#unclaimed.shift() ?? placed;
    this.#plans.push(plan);
    try {
      return await this.#host.waiting.until(
        () => (plan.call?.answeredAt !== undefined || plan.call?.end ? plan.call : undefined),
        "a call out",
        options,
      );
    } finally {
      this.#plans.splice(this.#plans.indexOf(plan), 1);
    }
  }

  /** The agent's calls, newest first. Unanswered ones are not in it unless the server was told so. */
  history(agent: ClawCallAgent, limit: number, transcripts: boolean): ClawCallRow[] {
    return this.#log
      .filter(({ call }) => call.facts.agentId === agent.id)
      .slice(-limit)
      .reverse()
      .map((logged) => this.#row(logged, transcripts));
  }

  #place(
    agent: ClawCallAgent,
    facts: OutboundFacts,
    begin: (call: ClawCallPracticeCall) => void,
  ): ClawCallPracticeCall {
    const { waiting, timings, sharedNumber } = this.#host;
    const call = this.#newCall(agent, { ...facts, from: agent.dedicatedNumber ?? sharedNumber });
    const plan = this.#plans.find((candidate) => !candidate.call);
    if (plan) plan.call = call;
    else this.#unclaimed.push(call);
    waiting.later(timings.ringMs, async () => {
      const planned = this.#plans.find((candidate) => candidate.call === call)?.callee;
      const callee = planned ?? (await this.#host.onRing(call));
      if (callee.does !== "answer") {
        if (this.#host.unansweredInHistory) this.#logCall(call);
        call.finish({ by: "service", reason: callee.does });
        return;
      }
      if (callee.says) this.#script(call, callee.says);
      call.pickUp();
      begin(call);
    });
    return call;
  }

  /** The person replies by a script, a moment after each line. */
  #script(
    call: ClawCallPracticeCall,
    says: NonNullable<Extract<ClawCallCallee, { does: "answer" }>["says"]>,
  ): void {
    const { waiting, timings } = this.#host;
    const lines = typeof says === "function" ? [] : [...says];
    const next = typeof says === "function" ? says : () => lines.shift() ?? ({ hangUp: true } as const);
    this.#replies.set(call.callSid, (heard) => {
      waiting.later(timings.replyAfterMs, async () => {
        if (call.end) return;
        const reply = await next(heard, call);
        if (call.end || reply === undefined) return;
        if (typeof reply === "string") call.say(reply);
        else call.hangUp();
      });
    });
  }

  #newCall(
    agent: ClawCallAgent | undefined,
    given: Omit<ClawCallFacts, "callSid" | "agentId">,
  ): ClawCallPracticeCall {
    const { record, newId } = this.#host;
    const facts = { ...given, callSid: newId("call"), agentId: agent?.id ?? "" };
    const call: ClawCallPracticeCall = new ClawCallPracticeCall(
      this.#lineFor(facts, () => call, agent),
      facts,
    );
    this.all.push(call);
    record.tell({ kind: "call", callSid: facts.callSid, state: "ringing" });
    return call;
  }

  #lineFor(
    { callSid, agentId, jobId }: ClawCallFacts,
    call: () => ClawCallPracticeCall,
    agent: ClawCallAgent | undefined,
  ): ClawCallLine {
    const { record, waiting, timings, now, listening, slots } = this.#host;
    return {
      waiting,
      timings,
      now,
      ask: (text, take) =>
        listening.push(agentId, { callSid, text, kind: "turn" }, (asked) => slots.open(asked, take)),
      completed: () => {
        const transcript = call().transcript;
        const notice = { job_id: jobId ?? "", status: "completed", transcript } as const;
        const text = message.thirdPartyComplete(notice);
        listening.push(agentId, { callSid: `notify-${jobId}`, text, kind: "notification" }, (asked) =>
          slots.open(asked, () => false),
        );
      },
      answered: () => {
        this.#logCall(call());
        record.tell({ kind: "call", callSid, state: "answered" });
      },
      ended: () => {
        // Only the slot goes: what is queued for this call is still handed out.
        slots.clear(callSid);
        if (agent && call().answeredAt !== undefined) {
          agent.account.minutesUsed += Math.max(1, Math.ceil(call().durationSeconds / 60));
        }
        record.tell({ kind: "call", callSid, state: "ended" });
      },
      listening: (heard) => this.#replies.get(callSid)?.(heard),
    };
  }

  #logCall(call: ClawCallPracticeCall): void {
    this.#log.push({ rowId: this.#host.newId("row"), call });
  }

  #row({ rowId, call }: LoggedCall, transcripts: boolean): ClawCallRow {
    const { kind, callSid, from, to } = call.facts;
    const inbound = kind === "inbound";
    const { end, endedAt, answeredAt } = call;
    const unanswered = answeredAt === undefined;
    return {
      id: rowId,
      twilio_call_sid: callSid,
      direction: inbound ? "inbound" : "outbound",
      call_type: CALL_TYPES[kind],
      // The service notes no numbers for calls out.
      from_number: inbound ? from : null,
      to_number: inbound ? to : null,
      duration_seconds: end && !unanswered ? call.durationSeconds : null,
      status: end ? (unanswered ? end.reason : "completed") : "in-progress",
      started_at: asDate(answeredAt ?? endedAt ?? this.#host.now()),
      ended_at: endedAt === undefined ? null : asDate(endedAt),
      ...(transcripts && end && call.transcript.length > 0 ? { transcript: call.transcript } : {}),
    };
  }
}

/** The service writes dates as HTTP does, to the second: `Tue, 27 Oct 2026 08:00:00 GMT`. */
export function asDate(at: number): string {
  return new Date(at).toUTCString();
}
