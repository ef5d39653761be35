/**
 * Owns one configured line: its carrier's connection, its live calls and its texts, and what is written down of
 * them. The same for the plugin and for the connector of skill-only installs; only the agent port differs.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentPort } from "../agent/port.ts";
import { type Bridge, startBridge } from "../bridge/bridge.ts";
import { BriefingPreparer, type KnownSchedule } from "../briefings/preparer.ts";
import { briefingPrompt } from "../briefings/words.ts";
import { type CallSpeaker, Calls } from "../calls/calls.ts";
import { CheckedVoice } from "../calls/checked-voice.ts";
import { FollowedCalls } from "../calls/followed-calls.ts";
import { OpenCalls } from "../calls/open-calls.ts";
import {
  carrierContext,
  defaultGreeting,
  RESULT_REQUEST,
  resultContext,
  strangerContext,
  voiceContext,
} from "../calls/voice-context.ts";
import type {
  CallDirection,
  CallOutcome,
  CallRecord,
  CarrierListener,
  CarrierTurn,
  LineStatus,
  MissionNews,
} from "../carriers/carrier.ts";
import type { Reply, TextToAnswer } from "../channel/text-to-answer.ts";
import { Texts } from "../channel/texts.ts";
import type { UsableLine } from "../config/choose-line.ts";
import { secretsOf, withoutSecrets as withoutKnownSecrets } from "../config/redaction.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { createRingLog, type Log, messageOf } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { firstWords, phrase } from "../speech/phrases.ts";
import { speakable } from "../speech/speakable.ts";
import {
  findCall,
  findCallOfJob,
  type KnownCall,
  noteCall,
  noteCallStarted,
  pendingIntents,
} from "../store/calls.ts";
import type { Store } from "../store/database.ts";
import { pruneStore } from "../store/retention.ts";
import { approvalHeard } from "../trust/approvals.ts";
import { isStrong, speakerBy } from "../trust/identity.ts";
import type { OwnerRoute } from "../trust/owner-session.ts";
import { type SpeakerSession, strangerSession } from "../trust/sessions.ts";
import { findCallWithPatience, identifyCall, type SpeakerFacts } from "../trust/speakers.ts";
import { CallReports, type CallReportsParameters } from "./call-reports.ts";
import { openLineCarrier } from "./line-carrier.ts";
import { LiveTranscript } from "./live-transcript.ts";
import { LostWords } from "./lost-words.ts";
import { PlannedCalls } from "./planned-calls.ts";

/** Log lines kept in memory for a carrier's support request. */
const KEPT_LOG_LINES = 200;
/** A call that was asked for this long ago and still has no id was never placed. */
const PLACING_MEMORY_MS = 30_000;
/** A caller waits this long, in milliseconds, for the carrier's record of their call; then they are unknown. */
const RECORD_PATIENCE_MS = 5_000;
/** A record that is not there is asked for again after this: it is written just before the first words come. */
const RECORD_RETRY_MS = 400;
const PRUNE_EVERY_MS = 24 * 60 * 60_000;
/** Preparing a briefing may use tools, but ends before it is due. */
const BRIEFING_LIMIT_MS = 150_000;
const RESULT_LIMIT_MS = 45_000;

export interface LineParameters {
  readonly line: UsableLine;
  readonly config: SwitchboardConfig;
  readonly store: Store;
  readonly agent: AgentPort;
  owner(): OwnerRoute;
  /** "agent": the other end of our calls talks to the agent, in a session of its own. "refuse": to nobody. */
  readonly thirdParties: "agent" | "refuse";
  /** Answers one inbound text; `reply` sends one text back, intent first. */
  answerText(text: TextToAnswer, reply: Reply): Promise<"answered" | "refused">;
  /** Tells the owner's main session one line, without starting a turn. Throws when it cannot take it now. */
  tellOwner(sentence: string): Promise<void>;
  tellOfCall: CallReportsParameters["tellOfCall"];
  /** What the carrier says of missions by itself. Never throws. */
  onMissionNews?(news: MissionNews): void;
  /** Told whenever the carrier was asked which scheduled calls it makes by itself. */
  onSchedules?(schedules: readonly KnownSchedule[]): void;
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
  const parts = openLineCarrier(line, { config, version: parameters.version, log });
  const { carrier } = parts;
  const transcript = new LiveTranscript({ line: line.name, store, log });
  const secrets = secretsOf(config);
  const voice = new CheckedVoice({ secrets, ownerNumbers: config.ownerNumbers });
  /** Calls first seen by this process: a call it finds in the store was greeted by the one before. */
  const firstSeenHere = new Map<string, boolean>();

  const calls = new Calls({
    line: line.name,
    carrier: voice.speakingWith(transcript.recording(carrier)),
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
      speakerBy("callsIn", line).tier === "unknown"
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
    speakerOf: async ({ callId, direction, turn }) => {
      try {
        return await speaker(callId, direction, turn);
      } catch (error) {
        log.error(`Call ${callId}: it could not be told who is speaking (${messageOf(error)}).`);
        return { known: false };
      }
    },
    endCall: async (callId) => {
      try {
        await parts.endCall?.(callId);
      } catch (error) {
        log.warn(`Call ${callId} could not be ended: ${messageOf(error)}`);
      }
    },
    noteEnded: (outcome) => reports.ended(outcome),
    noteHeard: (callId, words) => transcript.heard(callId, words),
    preparedBriefing: (task) => {
      const words = briefings?.take(task);
      return words === undefined ? briefings?.preparing(task) : Promise.resolve(words);
    },
    newRunId: randomUUID,
    now: () => performance.now(),
    log,
  });

  const reports = new CallReports({
    line,
    ownerNumbers: config.ownerNumbers,
    agentSpeaks: parts.following === undefined,
    store,
    tellOfCall: (notice) => parameters.tellOfCall(notice),
    resultOf: async (call, signal) =>
      parameters.thirdParties === "agent"
        ? await askAgent(strangerSession(owner().session.agentId, line.name, call.callId), RESULT_REQUEST, {
            timeoutMs: RESULT_LIMIT_MS,
            voiceContext: resultContext(names, call),
            signal,
          })
        : undefined,
    onEnded: (outcome, call) => {
      firstSeenHere.delete(outcome.callId);
      voice.ended(outcome.callId);
      warnOfSecondListener(outcome, call);
    },
    log,
  });
  const texts =
    parts.texts === undefined
      ? undefined
      : new Texts({
          line: line.name,
          store,
          rest: parts.texts,
          config,
          answer: parameters.answerText,
          tellOwner: parameters.tellOwner,
          log,
        });
  const briefings =
    parts.schedules === undefined
      ? undefined
      : new BriefingPreparer({ schedules: () => mySchedules(), prepare: prepareBriefing, log });
  const openCalls =
    parts.records === undefined
      ? undefined
      : new OpenCalls({
          line: line.name,
          store,
          records: parts.records,
          onEnded: (outcome) => calls.onCallEnded(outcome),
          log,
        });
  const followed =
    parts.following === undefined
      ? undefined
      : new FollowedCalls({
          line: line.name,
          store,
          following: parts.following,
          onEnded: (outcome) => calls.onCallEnded(outcome),
          log,
        });
  const planned = new PlannedCalls({
    line,
    config,
    store,
    // Where the carrier's own voice leads the call, nobody of ours has to speak.
    canCallOthers: parameters.thirdParties === "agent" || parts.following !== undefined,
    onNotPlaced: () => reports.tellAll(),
    log,
  });
  const lostWords =
    parts.askAgain === undefined
      ? undefined
      : new LostWords({ line: line.name, store, calls, askAgain: parts.askAgain, log });
  const startedAt = store.now();
  /** What is wrong with the line although it is connected. */
  let problem: string | undefined;
  let bridge: Promise<Bridge | undefined> | undefined;

  /** For the owner alone: {@link voice} is what others hear. No key of ours is told to anybody. */
  function withoutSecrets(text: string): string {
    return withoutKnownSecrets(text, secrets);
  }

  const facts: SpeakerFacts = {
    line,
    ownerNumbers: config.ownerNumbers,
    ownerSession: () => owner().session,
    writtenCall: (id) => findCall(store, { line: line.name, carrierCallId: id }),
    placingCall: async () =>
      (await pendingIntents(store, line.name, new Date(Date.now() - PLACING_MEMORY_MS))).length > 0,
    askRecord: parts.records === undefined ? undefined : askRecord,
    askDirection: async (id) => {
      try {
        return await parts.askDirection?.(id);
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
    if (started && (await noteCallStarted(store, news)) && known?.placedHere) {
      // It went with the request that placed the call.
      transcript.said(callId, known.greeting ?? "");
    }
    return !outbound && firstSeenHere.get(callId) === true;
  }

  /** The carrier's record of a call, while a person waits: asked a second time when there is none yet. */
  async function askRecord(callId: string): Promise<CallRecord | undefined> {
    const ask = async () => {
      try {
        return await parts.records?.find(callId);
      } catch (error) {
        log.warn(`The record of call ${callId} could not be asked for: ${messageOf(error)}`);
        return undefined;
      }
    };
    const patience = sleep(RECORD_PATIENCE_MS, undefined, { ref: false });
    return await Promise.race([
      ask().then(async (found) => found ?? (await sleep(RECORD_RETRY_MS).then(ask))),
      patience,
    ]);
  }

  async function speaker(
    callId: string,
    direction: CallDirection | undefined,
    turn: CarrierTurn,
  ): Promise<CallSpeaker> {
    const identity = await identifyCall(callId, direction, facts);
    log.info(
      `Call ${callId}: ${identity.tier === "unknown" ? "nobody we know" : `the ${identity.tier}`} speaks.`,
    );
    // Where no event tells it, words are the sign that somebody has picked up.
    if (identity.tier !== "unknown" && parts.records !== undefined) {
      const recorded = identity.direction ?? direction;
      const isNews = await noteCallStarted(store, {
        line: line.name,
        carrierCallId: callId,
        carrier: carrier.name,
        direction: recorded,
        // Told once, when it is answered; without it the call would have no purpose after a restart.
        ...(turn.kind === "thirdPartyOpening" && identity.recordedAs === "thirdParty"
          ? { purpose: turn.objective, context: turn.context }
          : {}),
      });
      if (isNews && identity.tier === "owner" && identity.call?.placedHere) {
        transcript.said(callId, identity.call.greeting ?? "");
      }
    }
    if (identity.tier === "owner") {
      const { call } = identity;
      voice.owner(callId);
      return {
        known: true,
        kind: identity.recordedAs === "briefing" ? "briefing" : "conversation",
        session: identity.session,
        isCertainlyOwner: isStrong(identity.strength),
        voiceContext: voiceContext(identity.session, names, {
          replacement: config.voicePrompt,
          beginning: call?.placedHere ? { purpose: call.purpose, greeting: call.greeting } : undefined,
        }),
      };
    }
    if (identity.tier === "unknown" || parameters.thirdParties === "refuse") return { known: false };
    // A call that somebody else placed with this account says what it is for only when it is answered.
    const opening = turn.kind === "thirdPartyOpening" ? turn : undefined;
    const greeting = identity.call?.greeting ?? firstWords("toOther", names, line.language);
    const purpose = identity.call?.purpose ?? opening?.objective;
    const context = identity.call?.context ?? opening?.context;
    voice.somebodyElse(callId, [purpose, context, greeting]);
    return {
      known: true,
      kind: "thirdParty",
      session: identity.session,
      firstWords: greeting,
      voiceContext: strangerContext(names, {
        purpose,
        context,
        greeting,
      }),
    };
  }

  /** The service's schedules, as far as a briefing of theirs would reach the owner. */
  async function mySchedules(): Promise<readonly KnownSchedule[]> {
    const schedules = (await parts.schedules?.()) ?? [];
    parameters.onSchedules?.(schedules);
    return schedules;
  }

  /** Has the agent write a briefing in the owner's session, so that "tell me more" has a past. */
  async function prepareBriefing(schedule: KnownSchedule): Promise<string | undefined> {
    const words = await askAgent(owner().session, briefingPrompt(schedule), {
      timeoutMs: BRIEFING_LIMIT_MS,
      asWritten: `[SCHEDULED] ${schedule.task}`,
    });
    return words === undefined || words === "" ? undefined : words;
  }

  /** One answer of the agent, as it can be spoken; undefined when its run failed. */
  async function askAgent(
    session: SpeakerSession,
    words: string,
    {
      timeoutMs,
      asWritten,
      voiceContext = "",
      signal,
    }: {
      timeoutMs: number;
      asWritten?: string | undefined;
      voiceContext?: string | undefined;
      signal?: AbortSignal | undefined;
    },
  ): Promise<string | undefined> {
    const answer = await parameters.agent.run(
      {
        session,
        line: line.name,
        words,
        ...(asWritten === undefined ? {} : { asWritten }),
        callId: `${line.name}-${randomUUID()}`,
        runId: randomUUID(),
        voiceContext,
        isTask: true,
        timeoutMs,
        ...(line.thinking === undefined ? {} : { thinking: line.thinking }),
        ...(line.model === undefined ? {} : { model: line.model }),
      },
      { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} },
      AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
    );
    if (answer.kind === "failed") log.warn(`The agent did not answer: ${answer.reason}.`);
    return answer.kind === "answered" ? withoutSecrets(speakable(answer.text)) : undefined;
  }

  /** Whoever listens beside us takes words away from callers: said in the log and in `status`. */
  function warnOfSecondListener({ callId, transcript }: CallOutcome, written: KnownCall): void {
    // What the process before this one answered is not known here.
    if (transcript === undefined || written.createdAt < startedAt) return;
    const warning = parts.secondListener?.({ callId, transcript, greeting: written.greeting });
    if (warning === undefined) return;
    problem = warning;
    log.warn(warning);
  }

  async function orderCompleted(order: Parameters<CarrierListener["onOrderCompleted"]>[0]): Promise<void> {
    try {
      const { jobId, status, transcript } = order;
      const call = await findCallOfJob(store, { line: line.name, jobId });
      calls.onCallEnded({
        // Not placed here: told to the owner all the same, under the order's name.
        callId: call?.carrierCallId ?? jobId,
        direction: "outbound",
        outcome: status ?? "completed",
        transcript,
      });
    } catch (error) {
      log.error(`The end of the call of order ${order.jobId} could not be written down: ${messageOf(error)}`);
    }
  }

  const listener: CarrierListener = {
    onCallSetup: (call) => calls.onCallSetup(call),
    onCallStarted: (call) => calls.onCallStarted(call),
    onTurn: (turn) => calls.onTurn(turn),
    onCallEnded: (outcome) => calls.onCallEnded(outcome),
    onOrderCompleted: (order) => void orderCompleted(order),
    onText: (text) => void texts?.receive(text),
    onWalkie: ({ requestId, words }) => void walkie(requestId, words),
    onApproval: (answer) => void approvalHeard({ line: line.name, ...answer }, { store, log }),
    onMissionNews: (news) => parameters.onMissionNews?.(news),
    // The carrier has written it to the log already; `status` asks for it.
    onStatus: (status) => {
      if (status.state === "connected") lostWords?.connected(status.counters.lostPolls ?? 0);
    },
  };

  /** Push-to-talk comes from the app of the account's owner; the session it names is a hint we do not follow. */
  async function walkie(requestId: string, words: string): Promise<void> {
    const language = detectLanguage(words, line.language);
    if (speakerBy("pushToTalk", line).tier !== "owner") {
      carrier.answerWalkie(requestId, { error: phrase("unverified", language) });
      return;
    }
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
        voiceContext: voiceContext(session, names, { replacement: config.voicePrompt }),
        timeoutMs: line.turnTimeoutMs,
        ...(line.thinking === undefined ? {} : { thinking: line.thinking }),
        ...(line.model === undefined ? {} : { model: line.model }),
      },
      { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} },
      AbortSignal.timeout(line.turnTimeoutMs),
    );
    return answer.kind === "answered" ? withoutSecrets(speakable(answer.text)) : undefined;
  }

  /** Undefined, and said in the log, when it cannot be opened: the line goes on without it. */
  async function openBridge(place: NonNullable<typeof parts.bridge>): Promise<Bridge | undefined> {
    try {
      return await startBridge({
        ...place,
        log,
        health: () => ({ line: line.name, state: carrier.status().state }),
      });
    } catch (error) {
      problem = messageOf(error);
      log.error(problem);
      return undefined;
    }
  }

  let pruning: NodeJS.Timeout | undefined;

  /** Deletes what is older than the owner wants it kept. Never rejects. */
  async function prune(): Promise<void> {
    try {
      const { calls: ended, texts: old } = await pruneStore(store, config);
      if (ended + old > 0) log.info(`Deleted what is older than it is kept: calls ${ended}, texts ${old}.`);
    } catch (error) {
      log.warn(`What is older than it is kept could not be deleted: ${messageOf(error)}`);
    }
  }

  return {
    name: line.name,
    start: () => {
      carrier.start(listener);
      void prune();
      pruning = setInterval(() => void prune(), PRUNE_EVERY_MS).unref();
      void texts?.start();
      briefings?.start();
      reports.start();
      openCalls?.start();
      followed?.start();
      planned.start();
      if (parts.bridge !== undefined) bridge = openBridge(parts.bridge);
    },
    stop: async () => {
      clearInterval(pruning);
      lostWords?.stop();
      briefings?.stop();
      calls.stop();
      await Promise.all([
        carrier.stop(),
        texts?.stop(),
        openCalls?.stop(),
        followed?.stop(),
        planned.stop(),
        reports.stop(),
        bridge?.then((open) => open?.close()),
      ]);
    },
    status: () => {
      const status = carrier.status();
      return problem === undefined ? status : { ...status, problem };
    },
    liveCalls: () => calls.liveCount,
  };
}
