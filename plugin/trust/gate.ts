/**
 * Owns the gate before every tool on the phone, whatever the model says: who speaks in the run, what that may do, and the
 * owner's yes before what is sensitive. It fails closed: what cannot be told, asked or understood does not run.
 *
 * | in the run speaks | tools |
 * |---|---|
 * | the owner, or nobody (a turn of the gateway's own) | by the rules and the table (`tool-table.ts`); sensitive ones after a yes |
 * | a guest | those of `guestTools` that only read, search or tell |
 * | the other end of a call | the one that hangs up |
 * | somebody who cannot be told | none |
 * | nobody: a mission is decided about | none |
 * | nobody: the turn only passes on news of a call | none |
 */
import { type PhoneRun, phoneRuns } from "../agent/phone-runs.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { messageOf } from "../log.ts";
import { detailsOf, fingerprintOf, titleOf } from "./action-words.ts";
import type { ApprovalAnswer, ApprovalWish } from "./approvals.ts";
import { isOwnKind, mayUseTool, OTHERS_SESSION, type SessionKind, sessionKind } from "./sessions.ts";
import {
  isForGuests,
  isSensitive,
  needsBiometry,
  type ToolPlaces,
  type ToolUse,
  toolRule,
} from "./tool-table.ts";
import { type ConfirmableTurn, VoiceConfirmations } from "./voice-confirmations.ts";

const CHANNEL = "phone";

/** A tool that is about to run, as the gateway tells of it. */
export interface AskedTool extends ToolUse {
  readonly runId?: string | undefined;
  readonly sessionKey?: string | undefined;
  readonly agentId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whose message began the run, as the gateway knows it. A call's turn has no sender. */
  readonly requester?:
    | { readonly channel?: string; readonly accountId?: string; readonly senderId?: string }
    | undefined;
}

/** What the gateway is told; nothing lets the tool run. */
export type GateDecision =
  | undefined
  | { readonly block: true; readonly blockReason: string }
  | {
      readonly requireApproval: {
        readonly title: string;
        readonly description: string;
        readonly severity: "warning";
        readonly timeoutMs: number;
        readonly timeoutReason: string;
        readonly allowedDecisions: ["allow-once", "deny"];
        onResolution(decision: string): void;
      };
    };

export interface GateParameters {
  settings(): Pick<SwitchboardConfig, "guestTools" | "toolRules" | "approvals">;
  /** What the table needs to know; `line` is the one the run came in on. */
  places(asked: { agentId: string | undefined; line: string | undefined }): ToolPlaces;
  /**
   * Asks the owner on their phone over this line, or another one that can; undefined when none can, and the gateway's own
   * approvals are used. May reject: then nothing runs.
   */
  pushTo(
    line: string | undefined,
  ): ((wish: ApprovalWish, signal: AbortSignal) => Promise<ApprovalAnswer>) | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
  warn(message: string): void;
}

/** An agent that is refused asks again and again: the owner is not to be worn down. */
const MOST_QUESTIONS = 4;
/** Runs whose questions are remembered; they are forgotten at their end, or when there are more. */
const KEPT_RUNS = 200;
/** Time enough to press a button: only who has not is told by text that they are waited for. */
const TOLD_BY_TEXT_MS = 8_000;
/** A turn that ends this soon leaves no time to decide. */
const LEAST_WAIT_MS = 3_000;
/** The gateway waits no longer than this for its own approvals (docs, plugin permission requests). */
const GATEWAY_WAIT_MS = 600_000;

const TELL_THEM = "It was not done: say so in one sentence, and do not try it again unless you are asked to.";

/** What the model is told after each answer but a yes. */
const REFUSALS: Readonly<Record<Exclude<ApprovalAnswer, "approved">, string>> = {
  denied: `Your owner said no to this. ${TELL_THEM}`,
  timeout: `Your owner was asked for a yes and did not answer in time. ${TELL_THEM}`,
  expired: `Your owner was asked for a yes and did not answer in time. ${TELL_THEM}`,
  no_devices: `This needs your owner's yes, and no phone of theirs is set up for approvals. ${TELL_THEM}`,
  no_devices_reached: `This needs your owner's yes, and none of their phones could be reached. ${TELL_THEM}`,
  error: `This needs your owner's yes, and they could not be asked. ${TELL_THEM}`,
};

interface Questions {
  /** What was not approved in this run. */
  readonly refused: Set<string>;
  count: number;
}

type Speaker = "owner" | SessionKind | "unclear" | "notOnPhone";

export class ToolGate {
  readonly #p: GateParameters;
  readonly #questions = new Map<string, Questions>();
  readonly #voice = new VoiceConfirmations();

  constructor(parameters: GateParameters) {
    this.#p = parameters;
  }

  /** Decides about one use of a tool. Never rejects. */
  async decide(asked: AskedTool): Promise<GateDecision> {
    try {
      return await this.#decide(asked);
    } catch (error) {
      this.#p.warn(`The gate before the tool ${asked.tool} failed, so it was not run: ${messageOf(error)}`);
      return blocked(REFUSALS.error);
    }
  }

  /** A run has ended: `lastWords` is what the agent said last, undefined when it did not come to its end. */
  runEnded(runId: string, lastWords: string | undefined): void {
    this.#questions.delete(runId);
    this.#voice.runEnded(runId, lastWords);
  }

  async #decide(asked: AskedTool): Promise<GateDecision> {
    const run = asked.runId === undefined ? undefined : phoneRuns().runs.get(asked.runId);
    const speaker = speakerIn(asked, run);
    if (asked.runId !== undefined && phoneRuns().newsTurns.has(asked.runId)) return blocked(ONLY_NEWS);
    if (speaker === "notOnPhone") return;
    if (speaker === "unclear") return blocked("It cannot be told who is speaking, so no tool is run.");
    if (run !== undefined && !run.isOpen()) return blocked(MOVED_ON);
    const line = run?.line ?? (asked.requester?.channel === CHANNEL ? asked.requester.accountId : undefined);
    const isTold = asked.runId !== undefined && phoneRuns().toldOfOthers.has(asked.runId);
    const places = { ...this.#p.places({ agentId: asked.agentId, line }), quotesOthers: isTold };
    const { guestTools, toolRules } = this.#p.settings();
    if (speaker !== "owner") {
      const rule = toolRule(asked, { rules: toolRules, places });
      const allowed =
        mayUseTool(speaker, asked.tool, guestTools) &&
        isForGuests(asked.tool) &&
        rule === "allow" &&
        !isSensitive(asked, places);
      return allowed
        ? undefined
        : blocked(
            speaker === "mission"
              ? "No tools while a mission is decided about: only the answer counts."
              : `No ${isOffered(speaker, guestTools) ? "such " : ""}tools in a ${speaker}'s phone session.`,
          );
    }
    if (namesOthersSession(asked)) return blocked(OTHERS_WORDS);
    switch (toolRule(asked, { rules: toolRules, places })) {
      case "allow":
        return;
      case "deny":
        return blocked(`Your owner does not want this to be done on the phone. ${TELL_THEM}`);
      case "ask":
        return await this.#ask(asked, run, line);
    }
  }

  async #ask(asked: AskedTool, run: PhoneRun | undefined, line: string | undefined): Promise<GateDecision> {
    const { approvals } = this.#p.settings();
    const fingerprint = fingerprintOf(asked);
    const turn = approvals.voice ? confirmableTurn(run) : undefined;
    if (turn !== undefined && asked.runId !== undefined && !needsBiometry(asked)) {
      if (this.#voice.takeYes(asked, turn)) return;
      if (this.#voice.canBeAsked(asked)) {
        this.#voice.want(asked, turn, asked.runId);
        return blocked(ASK_ALOUD);
      }
    }
    const questions = this.#questionsOf(asked.runId);
    if (questions.refused.has(fingerprint))
      return blocked(`This was asked for in this turn, and not approved. ${TELL_THEM}`);
    if (questions.count >= MOST_QUESTIONS) {
      return blocked(`Your owner was asked often enough in this turn. ${TELL_THEM}`);
    }
    const leftMs = run?.endsAtMs === undefined ? Number.POSITIVE_INFINITY : run.endsAtMs - this.#p.now();
    const waitMs = Math.min(approvals.timeoutSeconds * 1_000, leftMs);
    if (waitMs < LEAST_WAIT_MS)
      return blocked(`There is no time left in this turn to ask your owner. ${TELL_THEM}`);
    questions.count += 1;
    const refused = () => void questions.refused.add(fingerprint);
    run?.sayOnce?.("askingOwner");
    const stopWaiting = run === undefined ? this.#tellByTextLater(asked) : () => {};
    const secrets = [...phoneRuns().secrets];
    const push = this.#p.pushTo(line);
    if (push === undefined) {
      return {
        requireApproval: {
          title: titleOf(asked),
          description: detailsOf(asked, secrets) || titleOf(asked),
          severity: "warning",
          timeoutMs: Math.min(waitMs, GATEWAY_WAIT_MS),
          timeoutReason: REFUSALS.timeout,
          allowedDecisions: ["allow-once", "deny"],
          onResolution: (decision) => {
            stopWaiting();
            if (decision !== "allow-once") refused();
          },
        },
      };
    }
    const signal = AbortSignal.any([
      AbortSignal.timeout(waitMs + ANSWER_GRACE_MS),
      ...(asked.signal === undefined ? [] : [asked.signal]),
    ]);
    const wish = {
      action: titleOf(asked),
      details: detailsOf(asked, secrets),
      biometric: needsBiometry(asked),
      timeoutSeconds: Math.floor(waitMs / 1_000),
    };
    let answer: ApprovalAnswer;
    try {
      answer = await push(wish, signal);
    } catch (error) {
      this.#p.warn(`The owner could not be asked about the tool ${asked.tool}: ${messageOf(error)}`);
      answer = "error";
    } finally {
      stopWaiting();
    }
    if (answer !== "approved") {
      refused();
      return blocked(REFUSALS[answer] ?? REFUSALS.error);
    }
    // A yes that comes after the turn is over is nobody's.
    if (signal.aborted || run?.isOpen() === false) return blocked(MOVED_ON);
    return;
  }

  /** Whoever wrote and hears nothing for a while is told why. @returns takes it back. */
  #tellByTextLater({ sessionKey }: AskedTool): () => void {
    const timer = setTimeout(() => {
      if (sessionKey !== undefined) phoneRuns().askingByText.get(sessionKey)?.();
    }, TOLD_BY_TEXT_MS);
    return () => clearTimeout(timer);
  }

  #questionsOf(runId: string | undefined): Questions {
    const known = runId === undefined ? undefined : this.#questions.get(runId);
    if (known !== undefined) return known;
    const questions: Questions = { refused: new Set(), count: 0 };
    if (runId === undefined) return questions;
    this.#questions.set(runId, questions);
    const [oldest] = this.#questions.keys();
    if (this.#questions.size > KEPT_RUNS && oldest !== undefined) this.#questions.delete(oldest);
    return questions;
  }
}

/** It quotes what other people said, and nobody is there to see what the model makes of it. */
const ONLY_NEWS =
  "This turn only passes on what came of a call. Do nothing else until your owner asks for it.";
const MOVED_ON = "The caller has moved on; this turn is over.";
/** Past the end of its time, a request gets its "timeout" from whoever asks; longer nobody waits. */
const ANSWER_GRACE_MS = 15_000;
const OTHERS_WORDS =
  "The conversations of other people are not read this way. What was said on a call: phone transcript; what was texted: phone sms list.";
const ASK_ALOUD =
  "This needs a clear yes first. Ask for it now, as the last thing you say: one question with the tool's name and every value of its arguments in it, word for word. When the next thing they say is a clear yes, call the tool again with the same arguments. Anything else is a no.";

function blocked(blockReason: string): { block: true; blockReason: string } {
  return { block: true, blockReason };
}

/**
 * Who speaks in the run a tool is asked for in. The session's key decides, which only we give to guests and strangers;
 * where the run or the message says otherwise, nobody can tell.
 */
function speakerIn({ sessionKey, requester, runId }: AskedTool, run: PhoneRun | undefined): Speaker {
  const kind = sessionKind(sessionKey);
  const isPhones = run !== undefined || requester?.channel === CHANNEL;
  if (kind !== undefined)
    return run?.tier === undefined || run.tier === kind || isOwnKind(kind) ? kind : "unclear";
  if (!isPhones && isOverGuestsSession(sessionKey, requester?.accountId)) return "unclear";
  if (!isPhones) {
    // What others said was just told to the agent: it must not act on it by itself.
    return runId !== undefined && phoneRuns().toldOfOthers.has(runId) ? "owner" : "notOnPhone";
  }
  if (sessionKey === undefined) return "unclear";
  if (run !== undefined) return run.tier === undefined || run.tier === "owner" ? "owner" : "unclear";
  const { senderId, accountId } = requester ?? {};
  if (senderId !== undefined) {
    const numbers = accountId === undefined ? undefined : phoneRuns().lines.get(accountId)?.ownerNumbers;
    return numbers?.includes(senderId) === true ? "owner" : "unclear";
  }
  // A scheduled job that only sends its result to a phone.
  return CRON_SESSION.test(sessionKey) ? "notOnPhone" : "owner";
}

/** Whether a tool is to look into, or write to, the session of somebody else. */
function namesOthersSession({ params }: AskedTool): boolean {
  return OTHERS_SESSION.test(JSON.stringify(params) ?? "");
}

/** How the gateway names the sessions of its scheduled jobs. */
const CRON_SESSION = /^agent:[^:]+:cron:/;

/**
 * The gateway begins runs of its own over a session that grows long, under a key that does not say whose session it is, with
 * the owner's files and with tools to write what is to be remembered; only the line is known. (Seen: a guest who writes much
 * has their words written into the owner's memory.)
 */
function isOverGuestsSession(sessionKey: string | undefined, line: string | undefined): boolean {
  if (sessionKey === undefined || line === undefined || !HIDDEN_SESSION.test(sessionKey)) return false;
  return (phoneRuns().guestTexts.get(line) ?? 0) > 0;
}

const HIDDEN_SESSION = /^agent:[^:]+:internal-session-effects:/;

function isOffered(speaker: Speaker, guestTools: readonly string[]): boolean {
  return speaker === "guest" && guestTools.length > 0;
}

/** The turn of a call on which the speaker is certainly the owner. */
function confirmableTurn(run: PhoneRun | undefined): ConfirmableTurn | undefined {
  if (run?.call === undefined || !run.call.isStrong || run.isTask === true) return;
  const { id, turn, words } = run.call;
  return { call: `${run.line} ${id}`, number: turn, words, language: run.language };
}
