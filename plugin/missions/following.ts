/**
 * Owns following what is scheduled: looking at it when it is time, telling what came of it, collecting what was learned,
 * and whether somebody is called again. What the service says by itself makes the engine look earlier; what counts is
 * what it answers when it is asked.
 */
import type { CompiledQuery } from "kysely";
import type { MissionNews } from "../carriers/carrier.ts";
import { CarrierError, CarrierRefused } from "../carriers/carrier-errors.ts";
import type { CarrierEvent } from "../carriers/clawdtalk/missions-rest.ts";
import { parsePhoneNumber } from "../config/phone-number.ts";
import { noteOptOut } from "../limits/opt-out.ts";
import { messageOf } from "../log.ts";
import { appendStatements } from "../store/mission-memory.ts";
import {
  checkStatement,
  type MissionTarget,
  type MissionWork,
  type TargetChange,
  targetOfConversation,
  targetStatement,
  targetsWith,
  workOf,
} from "../store/mission-work.ts";
import { findMissionOfCarrier } from "../store/missions.ts";
import { eventOfConversation, progressStatement } from "../store/scheduled-events.ts";
import { isLost, nextLook } from "./cadence.ts";
import { changed } from "./due.ts";
import type { Engine } from "./engine-parts.ts";
import { stepOfTarget } from "./mission-steps.ts";
import { afterOutcome } from "./retries.ts";
import { FRESH, unsettled } from "./scheduling.ts";
import { logged, takingBack, tryAgainAt } from "./server-updates.ts";
import { targetBecomes } from "./states.ts";

/** How an event stands that nothing more will come of, in the service's words. */
const OVER: ReadonlySet<string | undefined> = new Set(["completed", "failed"]);
/** Call statuses after which the service may try no more, whatever it says of the event. */
const UNREACHED: ReadonlySet<string | undefined> = new Set(["no-answer", "busy", "canceled", "failed"]);

/** Looks at what is scheduled for a target. */
export async function look(engine: Engine, work: MissionWork, target: MissionTarget): Promise<void> {
  const { store, now, random } = engine;
  const { eventId, scheduledAt = now() } = target;
  if (eventId === undefined) throw new Error(`${target.name} is followed, and nothing is scheduled.`);
  const event = await found(engine, work, target, eventId);
  if (event === undefined) return;
  // Only when it was asked: nobody may have been there to ask all the while.
  if (!OVER.has(event.status) && isLost({ scheduledAt }, now())) {
    await unsettled(engine, work, target, NEVER_SAID);
    return;
  }
  const progress: TargetChange = {
    status: event.status,
    callStatus: event.callStatus,
    conversationId: event.conversationId,
    failures: 0,
  };
  const seen = { ...target, ...dropUndefined(progress) } as MissionTarget;
  const noted = progressStatement(store, eventId, {
    status: event.status,
    callStatus: event.callStatus,
    conversationId: event.conversationId,
    retryCount: event.retryCount,
    durationSeconds: target.durationSeconds,
  });
  if (!OVER.has(event.status)) {
    const { callStatus } = seen;
    const nextAt = nextLook({ scheduledAt, callStatus }, { now: now(), random, isFirst: false });
    await store.together({
      onlyIf: targetStatement(store, target, { ...progress, nextAt }),
      all: [noted],
    });
    return;
  }
  const outcome = outcomeOf(seen, event);
  if (target.channel === "call" && outcome === "completed" && seen.conversationId !== undefined) {
    await store.together({
      onlyIf: targetStatement(store, target, {
        ...progress,
        state: targetBecomes(target.state, "collecting"),
        since: now(),
        nextAt: now(),
      }),
      all: [noted],
    });
    return;
  }
  await over(engine, work, target, { ...progress, outcome }, [noted]);
}

const NEVER_SAID = "The service never said what came of it.";
/** So often in a row it cannot be asked what came of something long past, then it is given up: most of an hour. */
const MOST_LOOKS = 10;

/** The event; undefined when it could not be looked at, or is not there any more, which then is written down. */
async function found(
  engine: Engine,
  work: MissionWork,
  target: MissionTarget,
  eventId: string,
): Promise<CarrierEvent | undefined> {
  const { store, now } = engine;
  try {
    return await engine.rest(work.line).getEvent(work.mission.assistantId ?? "", eventId);
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    const isGone = error instanceof CarrierRefused && error.status === 404;
    if (isGone && (await takingBack(store, work, target)) !== "open") {
      await over(engine, work, target, { outcome: "canceled" }, []);
      return undefined;
    }
    const { scheduledAt = now() } = target;
    if (target.failures >= MOST_LOOKS && isLost({ scheduledAt }, now())) {
      await unsettled(engine, work, target, NEVER_SAID);
      return undefined;
    }
    const nextAt = tryAgainAt({ ...engine, now }, target.failures + 1);
    await store.together({
      all: [
        targetStatement(store, target, { nextAt, failures: target.failures + 1, detail: messageOf(error) }),
      ],
    });
    return undefined;
  }
}

function outcomeOf(
  { channel, endedBecause, callStatus }: MissionTarget,
  { status, described }: CarrierEvent,
): string {
  if (channel === "sms") return status === "completed" ? "delivered" : "failed";
  if (UNREACHED.has(callStatus)) return callStatus ?? "failed";
  if (status !== "completed") return "failed";
  const said = [endedBecause, described.outcome, described.reason];
  return said.includes("voicemail") ? "voicemail" : "completed";
}

/** Every so often it is asked what was learned. */
const INSIGHTS_EVERY_MS = 10_000;
/** "Poll until status is completed": not for ever. */
const INSIGHTS_WITHIN_MS = 5 * 60_000;

/** Asks what was learned on a call. */
export async function collect(engine: Engine, work: MissionWork, target: MissionTarget): Promise<void> {
  const { store, now } = engine;
  const { conversationId = "", since = now() } = target;
  if (target.endedBecause === "voicemail") {
    await over(engine, work, target, { outcome: "voicemail" }, []);
    return;
  }
  let insight: string | undefined;
  let why = "The service never said what was learned; the transcript is all there is.";
  try {
    const { isComplete, results } = await engine.rest(work.line).insights(conversationId);
    if (isComplete) insight = results.join("\n");
  } catch (error) {
    if (!(error instanceof CarrierError)) throw error;
    why = `What was learned could not be asked for (${messageOf(error)}); the transcript is all there is.`;
  }
  if (insight !== undefined) {
    await over(engine, work, target, { outcome: "completed", insight, detail: null }, []);
  } else if (now().getTime() - since.getTime() >= INSIGHTS_WITHIN_MS) {
    await over(engine, work, target, { outcome: "completed", detail: why }, []);
  } else {
    const nextAt = new Date(now().getTime() + INSIGHTS_EVERY_MS);
    await store.together({ all: [targetStatement(store, target, { nextAt })] });
  }
}

/** A call or text is over: what came of it is written down, remembered and logged, and who was not reached waits again. */
async function over(
  engine: Engine,
  work: MissionWork,
  target: MissionTarget,
  change: TargetChange & { readonly outcome: string },
  also: readonly CompiledQuery[],
): Promise<void> {
  const { store, config, now, random } = engine;
  const { plan, mission } = work;
  const { outcome } = change;
  const after = await afterOutcome({ ...target, outcome }, { plan, config, now: now(), random });
  // Who would be called again is not, once the mission is ending.
  const isAgain = "again" in after && work.state !== "closing";
  const state = isAgain ? "waiting" : "over" in after ? after.over : "failed";
  const seen = { ...target, ...dropUndefined(change) } as MissionTarget;
  const detail = "over" in after ? after.detail : undefined;
  const record = {
    target: target.name,
    number: target.number,
    round: target.round,
    attempt: target.attempts,
    outcome,
    ...(seen.conversationId === undefined ? {} : { conversation_id: seen.conversationId }),
    ...(seen.insight === undefined ? {} : { insight: seen.insight }),
    ...(isAgain && "again" in after ? { again_from: after.again.toISOString() } : {}),
  };
  const what = target.channel === "call" ? "Call to" : "Text to";
  await store.together({
    onlyIf: targetStatement(store, target, {
      ...(isAgain
        ? { ...FRESH, outcome, detail: null, nextAt: "again" in after ? after.again : null }
        : { ...change, nextAt: null, detail: detail ?? change.detail ?? null }),
      state: targetBecomes(target.state, state),
      failures: 0,
    }),
    all: [
      ...also,
      ...appendStatements(
        store,
        { mission: mission.id, key: target.channel === "call" ? "calls" : "texts" },
        record,
      ),
      logged(
        store,
        work,
        {
          type: "custom",
          summary: `${what} ${target.name}: ${outcome}${isAgain ? ", to be tried again" : ""}`,
          stepId: stepOfTarget(plan, target),
          payload: record,
        },
        target.id,
      ),
      changed(engine, work),
      ...(work.state === "closing"
        ? []
        : [checkStatement(store, mission.id, new Date(now().getTime() + CHECK_AFTER_MS))]),
    ],
  });
}

/** The server draws its own conclusions from an event that is over; it is given a moment for it. */
const CHECK_AFTER_MS = 5_000;

/** What the service says by itself: it makes the engine look, and the words that were said are kept. */
export async function hear(engine: Engine, news: MissionNews): Promise<void> {
  const { store, now } = engine;
  const mission = await findMissionOfCarrier(store, news.missionId);
  const work = mission && (await workOf(store, mission.id));
  if (work === undefined) return;
  const target = await targetOfNews(engine, work, news);
  if (target === undefined) return;
  const isFollowed = target.state === "scheduled" || target.state === "collecting";
  const soon = isFollowed ? { nextAt: now() } : {};
  switch (news.name) {
    case "mission.call_completed":
    case "mission.call_failed": {
      const { transcript = [], reason, durationSec, conversationId } = news;
      const theirs = transcript.filter(({ role }) => role === "user").map(({ content }) => content);
      await heed(engine, target, theirs, "call");
      const isKept = isFollowed || target.state === "done" || target.state === "deciding";
      if (!isKept) return;
      await store.together({
        all: [
          targetStatement(store, target, {
            ...soon,
            ...(transcript.length === 0
              ? {}
              : { transcript: transcript.map(({ role, content }) => ({ role, content })) }),
            endedBecause: reason,
            durationSeconds: durationSec,
            conversationId: conversationId || undefined,
          }),
        ],
      });
      return;
    }
    case "mission.sms_received":
      await replied(engine, work, target, news.text ?? "");
      return;
    default:
      if (isFollowed) await store.together({ all: [targetStatement(store, target, soon)] });
  }
}

/** Who asks not to be called again is not: whatever is scheduled for them is taken back at the next look. */
async function heed(
  { store }: Engine,
  { number }: MissionTarget,
  said: readonly string[],
  where: "call" | "text",
): Promise<void> {
  for (const words of said) await noteOptOut(store, { number, words, where });
}

async function replied(
  engine: Engine,
  work: MissionWork,
  target: MissionTarget,
  text: string,
): Promise<void> {
  const { store } = engine;
  await heed(engine, target, [text], "text");
  // The service may say the same twice.
  if (text === "" || target.reply?.split("\n").includes(text)) return;
  const isOpen = work.outcome === undefined;
  await store.together({
    all: [
      targetStatement(store, target, {
        reply: target.reply === undefined ? text : `${target.reply}\n${text}`,
      }),
      ...appendStatements(
        store,
        { mission: work.mission.id, key: "replies" },
        { target: target.name, number: target.number, text },
      ),
      ...(isOpen
        ? [
            logged(
              store,
              work,
              {
                type: "message",
                summary: `${target.name} answered the text`,
                stepId: stepOfTarget(work.plan, target),
                payload: { target: target.name, number: target.number, text },
              },
              target.id,
            ),
            changed(engine, work),
          ]
        : []),
    ],
  });
}

/** Whom the news is about. An earlier call of theirs is no news. */
async function targetOfNews(
  { store, config }: Engine,
  { mission }: MissionWork,
  news: MissionNews,
): Promise<MissionTarget | undefined> {
  const conversationId = news.conversationId || undefined;
  if (conversationId !== undefined) {
    const known = await targetOfConversation(store, mission.id, conversationId);
    if (known !== undefined) return known;
  }
  const other = news.name === "mission.sms_received" ? news.from : news.to;
  const number = other === undefined ? undefined : parsePhoneNumber(other, config.defaultRegion);
  if (number === undefined) return undefined;
  const channel = news.name.startsWith("mission.sms") ? "sms" : "call";
  const targets = (await targetsWith(store, { mission: mission.id, number })).filter(
    (target) => target.channel === channel,
  );
  const target = targets.find(({ state }) => state === "scheduled") ?? targets[0];
  if (target === undefined || conversationId === undefined) return target;
  const ofEvent = await eventOfConversation(store, { mission: mission.id, to: number, conversationId });
  const isEarlier =
    (ofEvent !== undefined && ofEvent !== target.eventId) ||
    (target.conversationId !== undefined && target.conversationId !== conversationId);
  return isEarlier ? undefined : target;
}

function dropUndefined<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) => each !== undefined && each !== null),
  ) as Partial<Value>;
}
