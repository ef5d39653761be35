/**
 * Owns one configured line: its carrier's connection, its live calls and its texts, and what is written down of
 * them. The same for the plugin and for the connector of skill-only installs; only the agent port differs.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentPort } from "../agent/port.ts";
import { type CallSpeaker, Calls } from "../calls/calls.ts";
import { outcomeLine } from "../calls/outcome.ts";
import { carrierContext, defaultGreeting, strangerContext, voiceContext } from "../calls/voice-context.ts";
import type { CallDirection, CallOutcome, CarrierListener, LineStatus } from "../carriers/carrier.ts";
import { createClawdTalkCarrier } from "../carriers/clawdtalk/carrier.ts";
import { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import type { Reply, TextToAnswer } from "../channel/text-to-answer.ts";
import { Texts } from "../channel/texts.ts";
import { withoutSecrets as withoutKnownSecrets } from "../config/redaction.ts";
import type { LineConfig, SwitchboardConfig } from "../config/schema.ts";
import { createRingLog, type Log, messageOf } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { phrase } from "../speech/phrases.ts";
import { speakable } from "../speech/speakable.ts";
import { findCall, noteCall, noteCallEnded, noteCallStarted, pendingIntents } from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import type { OwnerRoute } from "../trust/owner-session.ts";
import { findCallWithPatience, identifyCall, isOwners, type SpeakerFacts } from "../trust/speakers.ts";

/** Log lines kept in memory for a carrier's support request. */
const KEPT_LOG_LINES = 200;
/** A call that was asked for this long ago and still has no id was never placed. */
const PLACING_MEMORY_MS = 30_000;

export interface LineParameters {
  readonly line: LineConfig & { readonly apiKey: string };
  readonly config: SwitchboardConfig;
  readonly store: Store;
  readonly agent: AgentPort;
  owner(): OwnerRoute;
  /** "agent": the other end of our calls talks to the agent, in a session of its own. "refuse": to nobody. */
  readonly thirdParties: "agent" | "refuse";
  /** Answers one inbound text; `reply` sends one text back, intent first. */
  answerText(text: TextToAnswer, reply: Reply): Promise<"answered" | "refused">;
  /** Tells the owner's main session one line, without starting a turn. Never rejects. */
  tellOwner(sentence: string): Promise<void>;
  readonly log: Log;
  readonly version: string;
}

export interface Line {
  readonly name: string;
  start(): void;
  stop(): Promise<void>;
  status(): LineStatus;
  /** Calls going on now. */
  liveCalls(): number;
}

export function createLine(parameters: LineParameters): Line {
  const { line, config, store, owner } = parameters;
  const names = { ownerName: config.ownerName, agentName: config.agentName };
  const log = createRingLog(parameters.log, KEPT_LOG_LINES, { secrets: () => [line.apiKey] });
  const carrier = createClawdTalkCarrier({
    line,
    ...(config.ownerName === undefined ? {} : { ownerName: config.ownerName }),
    ...(config.agentName === undefined ? {} : { agentName: config.agentName }),
    version: parameters.version,
    log,
    logLines: () => log.lines(),
  });
  const rest = new ClawdTalkRest({ apiUrl: line.apiUrl, apiKey: line.apiKey, version: parameters.version });
  /** Calls first seen by this process: a call it finds in the store was greeted by the one before. */
  const firstSeenHere = new Map<string, boolean>();

  const calls = new Calls({
    line: line.name,
    carrier,
    agent: parameters.agent,
    settings: {
      speech: line.speech,
      progressAfterMs: line.progressAfterMs,
      timeoutMs: line.turnTimeoutMs,
      model: line.model,
      thinking: line.thinking,
      language: line.language,
    },
    // Callers that are turned away are not asked what one can do for them.
    greeting:
      line.inboundCallers === "unknown"
        ? undefined
        : (line.greeting ?? defaultGreeting(names, line.language)),
    context: carrierContext(names),
    noteCall: async ({ callId, direction, started }) => {
      try {
        return { greet: await noteAndAskForGreeting(callId, direction, started) };
      } catch (error) {
        log.error(`Call ${callId} could not be written down: ${messageOf(error)}`);
        // A caller who hears nothing hangs up; without the store only a second greeting is at stake.
        return { greet: direction !== "outbound" };
      }
    },
    speakerOf: async ({ callId, direction }) => {
      try {
        return await speaker(callId, direction);
      } catch (error) {
        log.error(`Call ${callId}: it could not be told who is speaking (${messageOf(error)}).`);
        return { known: false };
      }
    },
    endCall: async (callId) => {
      try {
        await rest.endCall(callId, "user_ended");
      } catch (error) {
        log.warn(`Call ${callId} could not be ended: ${messageOf(error)}`);
      }
    },
    noteEnded: (outcome) => ended(outcome),
    withoutSecrets,
    newRunId: randomUUID,
    now: () => performance.now(),
    log,
  });

  const texts = new Texts({
    line: line.name,
    store,
    rest,
    answer: parameters.answerText,
    tellOwner: parameters.tellOwner,
    log,
  });

  /** What is said to a person names no key of ours, whoever the person is. */
  function withoutSecrets(text: string): string {
    return withoutKnownSecrets(text, [
      line.apiKey,
      ...(config.gatewayToken === undefined ? [] : [config.gatewayToken]),
    ]);
  }

  const facts: SpeakerFacts = {
    line: line.name,
    inboundCallers: line.inboundCallers,
    ownerNumbers: config.ownerNumbers,
    ownerSession: () => owner().session,
    writtenCall: (id) => findCall(store, { line: line.name, carrierCallId: id }),
    placingCall: async () =>
      (await pendingIntents(store, line.name, new Date(Date.now() - PLACING_MEMORY_MS))).length > 0,
    askDirection: async (id) => {
      try {
        return (await rest.getCall(id)).direction;
      } catch (error) {
        log.warn(`The direction of call ${id} could not be asked for: ${messageOf(error)}`);
        return undefined;
      }
    },
    sleep,
  };

  async function noteAndAskForGreeting(
    callId: string,
    direction: CallDirection | undefined,
    started: boolean,
  ): Promise<boolean> {
    const known = await findCallWithPatience(callId, direction, facts);
    const outbound = known?.placedHere || direction === "outbound";
    const news = {
      line: line.name,
      carrierCallId: callId,
      carrier: carrier.name,
      direction: outbound ? ("outbound" as const) : direction,
    };
    const isNew = await noteCall(store, news);
    if (!firstSeenHere.has(callId)) firstSeenHere.set(callId, isNew);
    if (started) await noteCallStarted(store, news);
    // The greeting of a call we placed went with the request that placed it.
    return !outbound && firstSeenHere.get(callId) === true;
  }

  async function speaker(callId: string, direction: CallDirection | undefined): Promise<CallSpeaker> {
    const identity = await identifyCall(callId, direction, facts);
    if (identity.tier === "owner") {
      return {
        known: true,
        session: identity.session,
        voiceContext: voiceContext(identity.session, names, config.voicePrompt),
      };
    }
    if (identity.tier === "unknown" || parameters.thirdParties === "refuse") return { known: false };
    return {
      known: true,
      session: identity.session,
      voiceContext: strangerContext(names, {
        ...(identity.call?.purpose ? { purpose: identity.call.purpose } : {}),
        ...(identity.call?.greeting ? { greeting: identity.call.greeting } : {}),
      }),
    };
  }

  async function ended(outcome: CallOutcome): Promise<void> {
    try {
      firstSeenHere.delete(outcome.callId);
      const { callId, direction, ...end } = outcome;
      const address = { line: line.name, carrierCallId: callId };
      const isNews = await noteCallEnded(store, { ...address, carrier: carrier.name, direction, ...end });
      if (!isNews) return;
      const written = await findCall(store, address);
      const placedHere = written?.placedHere === true;
      const knownDirection = placedHere ? "outbound" : (direction ?? written?.direction);
      await parameters.tellOwner(
        outcomeLine(outcome, {
          direction: knownDirection,
          callee: placedHere ? (written.callee ?? undefined) : undefined,
          purpose: placedHere ? written.purpose : undefined,
          withOwner: placedHere
            ? isOwners(written.callee, config.ownerNumbers)
            : knownDirection === "inbound" && line.inboundCallers === "owner",
        }),
      );
    } catch (error) {
      log.error(`The end of call ${outcome.callId} could not be written down: ${messageOf(error)}`);
    }
  }

  const listener: CarrierListener = {
    onCallSetup: (call) => calls.onCallSetup(call),
    onCallStarted: (call) => calls.onCallStarted(call),
    onTurn: (turn) => calls.onTurn(turn),
    onCallEnded: (outcome) => calls.onCallEnded(outcome),
    onText: (text) => void texts.receive(text),
    onWalkie: ({ requestId, words }) => void walkie(requestId, words),
    onApproval: ({ requestId }) => log.info(`An approval was answered (${requestId}).`),
    // The carrier has written it to the log already; `status` asks for it.
    onStatus: () => {},
  };

  /** Push-to-talk comes from the app of the account's owner; the session it names is a hint we do not follow. */
  async function walkie(requestId: string, words: string): Promise<void> {
    const language = detectLanguage(words, line.language);
    try {
      const reply = await walkieReply(words, language);
      if (reply === undefined) carrier.answerWalkie(requestId, { error: phrase("failed", language) });
      else carrier.answerWalkie(requestId, { text: reply || phrase("empty", language) });
    } catch (error) {
      log.error(`Push-to-talk could not be answered: ${messageOf(error)}`);
      carrier.answerWalkie(requestId, { error: phrase("failed", language) });
    }
  }

  /** The whole answer as it can be spoken; undefined when the agent's run failed. */
  async function walkieReply(words: string, language: string): Promise<string | undefined> {
    const { session } = owner();
    const answer = await parameters.agent.run(
      {
        session,
        line: line.name,
        words,
        language,
        callId: `walkie-${line.name}`,
        runId: randomUUID(),
        voiceContext: voiceContext(session, names, config.voicePrompt),
        timeoutMs: line.turnTimeoutMs,
        ...(line.thinking === undefined ? {} : { thinking: line.thinking }),
        ...(line.model === undefined ? {} : { model: line.model }),
      },
      { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} },
      AbortSignal.timeout(line.turnTimeoutMs),
    );
    return answer.kind === "answered" ? withoutSecrets(speakable(answer.text)) : undefined;
  }

  return {
    name: line.name,
    start: () => {
      carrier.start(listener);
      void texts.start();
    },
    stop: async () => {
      calls.stop();
      await Promise.all([carrier.stop(), texts.stop()]);
    },
    status: () => carrier.status(),
    liveCalls: () => calls.liveCount,
  };
}
