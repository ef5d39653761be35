/**
 * Owns the quick answers: what an owner's clear question on the phone is answered with, without a model.
 *
 * A reply that a hook gives is not written into the session's history (tried on OpenClaw 2026.9.6), and a plugin has no
 * way to write there. So an exchange that the owner may come back to is kept for a while and put in front of the next
 * turns of its session, on whatever channel they come.
 */
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { type PhoneRun, phoneRuns } from "../agent/phone-runs.ts";
import { messageOf } from "../log.ts";
import { sessionKind } from "../trust/sessions.ts";
import { gatewayFacts, type Scheduler } from "./gateway-facts.ts";
import { greeting } from "./greeting.ts";
import { howAreYou } from "./how-are-you.ts";
import { identity } from "./identity.ts";
import { languageOf, type QuickAnswer } from "./quick-answer.ts";
import { Recognition } from "./recognition.ts";
import { runningTasks } from "./running-tasks.ts";
import { scheduledJobs } from "./scheduled-jobs.ts";

/** Every question that is answered here; the first one that fits is taken. */
export const QUICK_ANSWERS: readonly QuickAnswer[] = [
  identity,
  howAreYou,
  scheduledJobs,
  runningTasks,
  greeting,
];

/** A model says something sooner than a reader that takes longer than this. */
const READ_LIMIT_MS = 40;
/** How long, and how many of them, the agent is reminded of exchanges. */
const REMEMBERED_MS = 15 * 60_000;
const REMEMBERED_AT_MOST = 3;

interface Exchange {
  readonly asked: string;
  readonly answered: string;
  readonly atMs: number;
}

interface Place {
  /** The scheduler of the gateway, from the service that is running. */
  scheduler: (() => Scheduler | undefined) | undefined;
  /** By session key. */
  readonly exchanges: Map<string, readonly Exchange[]>;
}

const PLACE = Symbol.for("openclaw-switchboard.quick-answers");

/** Process-wide: the service and the hooks are different registrations (see `phone-runs.ts`). */
function sharedPlace(): Place {
  const shared = globalThis as { [PLACE]?: Place };
  shared[PLACE] ??= { scheduler: undefined, exchanges: new Map() };
  return shared[PLACE];
}

const recognition = new Recognition(QUICK_ANSWERS, greeting);

/**
 * Registers what the quick answers need, in every registration mode. Without the conversation permission the gateway
 * leaves the hooks out, and every turn goes to the model.
 */
export function registerQuickAnswers(
  api: OpenClawPluginApi,
  { now = Date.now }: { readonly now?: () => number } = {},
): void {
  const place = sharedPlace();
  const phone = phoneRuns();

  if (api.registrationMode === "full") {
    let own: Place["scheduler"];
    api.registerService({
      id: "switchboard-quick-answers",
      start: ({ getCron }) => {
        own = getCron;
        place.scheduler = own;
      },
      stop: () => {
        // After a reload, the next registration's may stand there already.
        if (place.scheduler === own) place.scheduler = undefined;
      },
    });
  }

  api.on(
    "before_agent_reply",
    async (event, context) => {
      const run = context.runId === undefined ? undefined : phone.runs.get(context.runId);
      const { sessionKey, agentId } = context;
      if (run === undefined || sessionKey === undefined || agentId === undefined) return;
      if (!isOrdinaryOwnerTurn(run, sessionKey)) return;
      const language = languageOf(run.language);
      if (language === undefined) return;
      const agentName = phone.names?.agentName;
      const found = recognition.find(event.cleanedBody, language, agentName);
      if (found === undefined) return;
      try {
        const scheduler = place.scheduler?.();
        const facts = gatewayFacts(api.runtime, {
          agentId,
          sessionKey,
          agentName,
          scheduler,
          carrierSchedules: [...phone.carrierSchedules.values()].flat(),
          now: new Date(now()),
        });
        const text = await inTime(found.answer(language, facts));
        if (text === undefined || !run.isOpen()) return;
        if (found.mayBeReferredTo) {
          remember(place, sessionKey, { asked: event.cleanedBody, answered: text, atMs: now() });
        }
        return { handled: true, reply: { text } };
      } catch (error) {
        api.logger.debug?.(`A quick answer is left to the model: ${messageOf(error)}`);
        return;
      }
    },
    { eligibleTriggers: ["user"] },
  );

  api.on("before_prompt_build", (_event, context) => {
    if (context.sessionKey === undefined) return;
    const exchanges = rememberedAt(place, context.sessionKey, now());
    return exchanges.length === 0 ? undefined : { prependContext: pastOf(exchanges) };
  });
}

/** Words of the owner, in the owner's own session, that are not the opening of a call of ours. */
function isOrdinaryOwnerTurn(run: PhoneRun, sessionKey: string): boolean {
  return run.quickAnswers === true && sessionKind(sessionKey) === undefined && run.isOpen();
}

/** @throws when it takes longer than {@link READ_LIMIT_MS}. */
async function inTime<Value>(work: Promise<Value>): Promise<Value> {
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`the gateway's state was not read within ${READ_LIMIT_MS} ms`)),
    READ_LIMIT_MS,
  );
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

function remember({ exchanges }: Place, sessionKey: string, exchange: Exchange): void {
  const before = rememberedAt({ exchanges }, sessionKey, exchange.atMs);
  exchanges.set(sessionKey, [...before, exchange].slice(-REMEMBERED_AT_MOST));
}

function rememberedAt(
  { exchanges }: Pick<Place, "exchanges">,
  sessionKey: string,
  nowMs: number,
): readonly Exchange[] {
  const fresh = (exchanges.get(sessionKey) ?? []).filter(({ atMs }) => nowMs - atMs < REMEMBERED_MS);
  if (fresh.length === 0) exchanges.delete(sessionKey);
  else exchanges.set(sessionKey, fresh);
  return fresh;
}

function pastOf(exchanges: readonly Exchange[]): string {
  const lines = exchanges.map(
    ({ asked, answered }) =>
      `The owner asked: ${JSON.stringify(asked)} You answered: ${JSON.stringify(answered)}`,
  );
  return ["Said on the phone a little while ago, and not in the history above:", ...lines].join("\n");
}
