/**
 * Owns asking the agent about a mission, and what follows from its answer. An agent that gives none that can be used is
 * asked again, a few times; then the engine goes on without. A human's answer (an approval) is written by a command.
 */
import { messageOf } from "../log.ts";
import { appendStatements } from "../store/mission-memory.ts";
import {
  answeredStatements,
  askedStatement,
  type Decision,
  decisionToAsk,
  type MissionWork,
  type TargetChange,
  targetOf,
  targetStatement,
} from "../store/mission-work.ts";
import type { Engine } from "./engine-parts.ts";
import { viewOf } from "./moving.ts";
import { FRESH } from "./scheduling.ts";
import { logged } from "./server-updates.ts";
import { targetBecomes } from "./states.ts";

const MOST_TRIES = 3;
const AGAIN_AFTER_MS = 30_000;

/**
 * Asks for the first of what is to be decided now. Only for that: an answer takes its time, and meanwhile somebody may
 * have cancelled the mission, or a call may be over.
 *
 * @returns whether anything was.
 */
export async function decide(engine: Engine, work: MissionWork, signal: AbortSignal): Promise<boolean> {
  const decision = await decisionToAsk(engine.store, work.mission.id);
  if (decision === undefined || signal.aborted) return false;
  await askAgent(engine, work, decision, signal);
  return true;
}

async function askAgent(
  engine: Engine,
  work: MissionWork,
  decision: Decision,
  signal: AbortSignal,
): Promise<void> {
  const { store, agent, now, log } = engine;
  const { kind } = decision;
  if (kind === "approval") return;
  if (agent === undefined || decision.tries >= MOST_TRIES) {
    await answered(engine, work, decision, undefined);
    return;
  }
  const again = new Date(now().getTime() + AGAIN_AFTER_MS);
  await store.together({ all: [askedStatement(store, decision.id, again)] });
  const target = decision.target === undefined ? undefined : await targetOf(store, decision.target);
  try {
    const view = await viewOf(engine, work);
    const answer = await agent.decide(
      { kind, work, view, ...(target === undefined ? {} : { target }) },
      signal,
    );
    if (answer !== undefined) await answered(engine, work, decision, answer);
  } catch (error) {
    if (signal.aborted) return;
    log.warn(`The agent could not be asked about the mission ${work.mission.slug}: ${messageOf(error)}`);
  }
}

async function answered(
  engine: Engine,
  work: MissionWork,
  decision: Decision,
  answer: unknown,
): Promise<void> {
  const { store } = engine;
  const { kind } = decision;
  const target = decision.target === undefined ? undefined : await targetOf(store, decision.target);
  const { onlyIf, all } = answeredStatements(store, decision.id, answer);
  const given = (answer ?? {}) as {
    readonly scores?: Readonly<Record<string, number>>;
    readonly quote?: string;
    readonly callAgain?: boolean;
  };
  const isAgain =
    kind === "unusual" &&
    given.callAgain === true &&
    target !== undefined &&
    target.attempts < work.plan.limits.attempts;
  const change: TargetChange = {
    ...(kind === "scores" ? { scores: given.scores } : {}),
    quote: given.quote,
    ...(isAgain ? FRESH : {}),
    ...(target?.state === "deciding"
      ? { state: targetBecomes(target.state, isAgain ? "waiting" : "done") }
      : {}),
  };
  await store.together({
    onlyIf,
    all: [
      ...all,
      ...(target === undefined ? [] : [targetStatement(store, target, change)]),
      ...(answer === undefined
        ? []
        : [
            ...appendStatements(
              store,
              { mission: work.mission.id, key: "decisions" },
              {
                kind,
                ...(target === undefined ? {} : { target: target.name }),
                answer: JSON.parse(JSON.stringify(answer)),
              },
            ),
            logged(store, work, {
              type: "custom",
              summary: `Decided: ${kind}${target === undefined ? "" : ` (${target.name})`}`,
              payload: { kind, ...(target === undefined ? {} : { target: target.name }), answer },
            }),
          ]),
    ],
  });
}
