// Owns the calls of a ClawdTalk practice server: ringing the agent, callees that answer or do not, and which
// call or turn a client's words belong to.
import { type CallFacts, type CallLine, PracticeCall, type PracticeTurn } from "./caller.ts";
import type { ClientMessageOf, Direction, EventName, ServerEvents } from "./clawdtalk-wire.ts";
import { PracticeError, PracticeStopped, PracticeTimeout, type Waiting } from "./waiting.ts";

export interface CallTimings {
  /** How long a call waits for `context_response` before it goes on without; default 2 s. */
  readonly contextWithinMs: number;
  /** How long an outbound call rings before the callee does something; default 20 ms. */
  readonly outboundRingMs: number;
}

/** What the person at the other end of an outbound call does. */
export type Callee =
  /** Answers; says each of `says` after the answer to the one before, then hangs up. Without: waits to be told. */
  | { readonly does: "answer"; readonly says?: readonly string[] }
  /** A machine answers; `message` is what was left on it (default: the greeting). */
  | { readonly does: "voicemail"; readonly message?: string }
  | { readonly does: "voicemail_failed" | "no_answer" | "fax" | "busy" };

/** An outbound call, before anybody has answered. */
export interface OutboundRing {
  readonly callId: string;
  readonly to: string;
  readonly toOwner: boolean;
  readonly purpose: string | undefined;
  readonly greeting: string | undefined;
}

export type OutboundCall = PracticeCall & { readonly to: string };

/** What a client asks for with `POST /calls`. */
export interface PlacedCall {
  readonly to: string | undefined;
  readonly greeting: string | undefined;
  readonly purpose: string | undefined;
}

export interface RingOptions {
  readonly callId?: string;
  /** Default `inbound`. `outbound` is a call some other process placed. */
  readonly direction?: Direction;
  /** The person on the phone; default the owner's number. No event carries it. */
  readonly from?: string;
  /** Further fields of `context_request`, which the wire page leaves open. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Ring the client that holds this key; default the client that connected last. */
  readonly key?: string;
}

/** How a call that nobody answered ends. */
const UNANSWERED = {
  voicemail: { status: "completed", outcome: "voicemail", reason: "voicemail" },
  voicemail_failed: { status: "completed", outcome: "voicemail_failed", reason: "amd_silence" },
  no_answer: { status: "no-answer", outcome: "no_answer", reason: "no_answer" },
  fax: { status: "completed", outcome: "fax", reason: "fax" },
  busy: { status: "busy", outcome: "busy", reason: "busy" },
} as const;

/** What calls need from the server. */
interface CallsHost extends Omit<CallLine, "emit" | "expect" | "text"> {
  readonly waiting: Waiting;
  readonly timings: CallTimings;
  readonly ownerNumber: string;
  emit<Name extends EventName>(event: Name, fields: ServerEvents[Name], key: string): void;
  text(from: string, body: string, key: string): ReturnType<CallLine["text"]>;
  /** The client that holds `key` now. */
  client(
    key: string | undefined,
  ): { readonly key: string | undefined; readonly agentName: string } | undefined;
}

export class Calls {
  readonly byId = new Map<string, PracticeCall>();
  onOutbound: (ring: OutboundRing) => Callee | Promise<Callee>;
  readonly #host: CallsHost;
  readonly #turns = new Map<string, PracticeTurn>();
  readonly #outbound: OutboundCall[] = [];
  #outboundTaken = 0;

  constructor(host: CallsHost, onOutbound: (ring: OutboundRing) => Callee | Promise<Callee>) {
    this.#host = host;
    this.onOutbound = onOutbound;
  }

  async ring(options: RingOptions): Promise<PracticeCall> {
    const key = this.#host.client(options.key)?.key;
    if (key === undefined) {
      throw new PracticeError("No client is connected to the practice line, so nobody hears it ring.");
    }
    const call = this.#newCall(
      {
        callId: options.callId ?? this.#host.newId("call"),
        direction: options.direction ?? "inbound",
        person: options.from ?? this.#host.ownerNumber,
      },
      key,
    );
    call.progressTo("ringing");
    await this.#connect(call, key, options.extra);
    return call;
  }

  /** Starts an outbound call; it rings and is answered, or not, a moment later. */
  place({ to = this.#host.ownerNumber, greeting, purpose }: PlacedCall, key: string): PracticeCall {
    const call = this.#newCall(
      { callId: this.#host.newId("call"), direction: "outbound", person: to, purpose, greeting },
      key,
    );
    this.#runOutbound(call, key).catch((error) => {
      if (!(error instanceof PracticeStopped)) throw error;
    });
    return call;
  }

  takeOutbound(): OutboundCall | undefined {
    const next = this.#outbound[this.#outboundTaken];
    if (next) this.#outboundTaken += 1;
    return next;
  }

  receiveContext(message: ClientMessageOf<"context_response">): void {
    this.#callOf(message)?.receiveContext(message);
  }

  receiveGreeting(message: ClientMessageOf<"response">): void {
    this.#callOf(message)?.receiveGreeting(message);
  }

  receiveWords(message: ClientMessageOf<"deep_tool_progress"> | ClientMessageOf<"deep_tool_result">): void {
    const turn = this.#turns.get(message.request_id);
    if (turn) turn.receive(message);
    else this.#host.breach("unknown_request", `There is no request ${message.request_id}.`, message);
  }

  #callOf(
    message: ClientMessageOf<"context_response"> | ClientMessageOf<"response">,
  ): PracticeCall | undefined {
    const call = this.byId.get(message.call_id);
    if (!call) this.#host.breach("unknown_call", `There is no call ${message.call_id}.`, message);
    return call;
  }

  #newCall(facts: Omit<CallFacts, "agentName">, key: string): PracticeCall {
    if (this.byId.has(facts.callId)) throw new PracticeError(`There is already a call ${facts.callId}.`);
    const agentName = this.#host.client(key)?.agentName ?? "agent";
    const call = new PracticeCall(this.#lineFor(key), { ...facts, agentName });
    this.byId.set(call.callId, call);
    return call;
  }

  /** The host, for calls of the client that holds `key`. */
  #lineFor(key: string): CallLine {
    const host = this.#host;
    return {
      waiting: host.waiting,
      now: host.now,
      newId: host.newId,
      breach: host.breach,
      emit: (event, fields) => host.emit(event, fields, key),
      text: (from, body) => host.text(from, body, key),
      expect: (turn) => {
        if (this.#turns.has(turn.requestId)) {
          throw new PracticeError(`There is already a request ${turn.requestId}; repeat() sends it again.`);
        }
        this.#turns.set(turn.requestId, turn);
      },
    };
  }

  /** Somebody is on the phone: asks for the context, waits for it within bounds, starts the call. */
  async #connect(
    call: PracticeCall,
    key: string,
    extra: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const { emit, client, waiting, timings } = this.#host;
    emit("context_request", { ...extra, call_id: call.callId }, key);
    if (client(key)) {
      try {
        const timeoutMs = timings.contextWithinMs;
        await waiting.until(() => call.context ?? call.end, "the context", { timeoutMs });
      } catch (error) {
        // A call goes on without a context: the caller is on the phone already.
        if (!(error instanceof PracticeTimeout)) throw error;
      }
    }
    call.start();
  }

  async #runOutbound(call: PracticeCall, key: string): Promise<void> {
    const { waiting, timings, ownerNumber } = this.#host;
    const { callId, person: to, purpose, greeting } = call;
    await waiting.pause(timings.outboundRingMs);
    call.progressTo("ringing");
    const callee = await this.onOutbound({ callId, to, toOwner: to === ownerNumber, purpose, greeting });
    if (callee.does === "answer") {
      await this.#connect(call, key);
    } else {
      const message = callee.does === "voicemail" ? (callee.message ?? greeting) : undefined;
      call.hangUp({
        ...UNANSWERED[callee.does],
        ...(message === undefined ? {} : { voicemail_message: message }),
      });
    }
    if (isOutbound(call)) this.#outbound.push(call);
    waiting.changed();
    if (callee.does === "answer" && callee.says) await playCallee(call, callee.says);
  }
}

function isOutbound(call: PracticeCall): call is OutboundCall {
  return call.to !== undefined;
}

/** A callee with a fixed part: says its lines one after the other, then hangs up. */
async function playCallee(call: PracticeCall, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    if (call.end) return;
    try {
      await call.say(line).result();
    } catch (error) {
      // Nobody answers, or the agent hung up: the callee has had enough either way.
      if (!(error instanceof PracticeError) || error instanceof PracticeStopped) throw error;
      break;
    }
  }
  call.hangUp();
}
