/** Owns making everything a mission needs at the service before anybody is called, once, however often it is interrupted. */
import { CarrierError } from "../carriers/carrier-errors.ts";
import { messageOf } from "../log.ts";
import {
  type MissionWork,
  newStepStatements,
  targetsOf,
  workOf,
  workStatement,
} from "../store/mission-work.ts";
import { type Mission, missionsWithNumbers } from "../store/missions.ts";
import { assistantFor } from "./call-instructions.ts";
import type { Engine } from "./engine-parts.ts";
import { beginMission } from "./init-mission.ts";
import { MissionNotReady, NotSettled, SetUpBusy } from "./mission-errors.ts";
import { planSteps, SETUP_STEP } from "./mission-steps.ts";
import { pauseFor } from "./pausing.ts";
import { isFinal, logged, ownerHears, stepBecomes, tryAgainAt } from "./server-updates.ts";
import { setUpAgent } from "./setup-agent.ts";
import { missionBecomes } from "./states.ts";

/** So often it fails before the owner hears that it takes longer. */
const PATIENCE = 5;
/** A number that another mission has is asked for so often. */
const LOOK_FOR_NUMBER_MS = 5 * 60_000;

/** Prepares a mission, or goes on preparing it. */
export async function prepare(engine: Engine, work: MissionWork): Promise<void> {
  const { store } = engine;
  try {
    await engine.alone(() => setUp(engine, work));
  } catch (error) {
    const why = messageOf(error);
    // Another process sets something up: there is nothing that a person would have to do.
    const isBusy = error instanceof SetUpBusy;
    const needsPerson =
      !isBusy && (isFinal(error) || error instanceof NotSettled || error instanceof MissionNotReady);
    const isWaiting = error instanceof NumberInUse;
    if (!needsPerson && !isWaiting && !isBusy && !(error instanceof CarrierError)) throw error;
    if (needsPerson) {
      await store.together({ all: pauseFor(engine, work, why) });
      return;
    }
    const failures = work.failures + 1;
    const dueAt = isWaiting
      ? new Date(engine.now().getTime() + LOOK_FOR_NUMBER_MS)
      : tryAgainAt(engine, failures);
    const isTold = failures === (isWaiting ? 1 : PATIENCE);
    await store.together({
      all: [
        workStatement(store, work, { failures, dueAt, reason: why }),
        ...(isTold
          ? [
              ownerHears(store, work, {
                kind: "problem",
                sentence: `The mission ${work.mission.slug} cannot begin yet, and goes on trying: ${why}`,
              }),
            ]
          : []),
      ],
    });
    return;
  }
  const begun = await workOf(store, work.mission.id);
  if (begun === undefined) return;
  await store.together({
    onlyIf: workStatement(store, begun, {
      state: missionBecomes(begun.state, "running"),
      failures: 0,
      reason: null,
      dueAt: engine.now(),
    }),
    all: [
      ...stepBecomes(store, begun, SETUP_STEP, "completed"),
      logged(store, begun, {
        type: "step_completed",
        summary: "Completed: the assistant and its number are ready",
        stepId: SETUP_STEP,
        payload: { assistant_id: begun.mission.assistantId, agent_phone: begun.mission.agentPhone },
      }),
    ],
  });
}

async function setUp(engine: Engine, work: MissionWork): Promise<void> {
  const { store, config, log } = engine;
  const { plan, mission } = work;
  const steps = planSteps(plan);
  await store.together({ all: newStepStatements(store, mission.id, steps) });
  const using = {
    store,
    rest: engine.rest(work.line),
    say: (line: string) => log.debug(`Mission ${mission.slug}: ${line}`),
  };
  const { name, instructions, request } = plan;
  await beginMission(
    mission,
    {
      name,
      instructions,
      request,
      steps: steps.map(({ stepId: step_id, description, sequence }) => ({ step_id, description, sequence })),
    },
    using,
  );
  const begun = await workOf(store, mission.id);
  if (begun === undefined) return;
  const targets = await targetsOf(store, mission.id);
  const assistant = assistantFor({ plan, round: 1, targets, decisions: [], config });
  const { phone, takesCalls } = await setUpAgent(begun.mission, assistant, using);
  if (phone !== undefined) return;
  const holder = takesCalls ? await numberHolder(engine, work) : undefined;
  if (holder !== undefined) throw new NumberInUse(holder.slug);
  throw new MissionNotReady(
    takesCalls
      ? "The account has no number that is free to call from: free one or get one more at the service."
      : "The service gives its assistant no connection for calls, so no number could be assigned to it.",
  );
}

/** Another mission has the account's number, and will not need it any more some time. */
class NumberInUse extends Error {
  override readonly name = "NumberInUse";

  constructor(slug: string) {
    super(`The account's number is in use by the mission ${slug}.`);
  }
}

/** A mission that goes on and has a number of the account. */
async function numberHolder(
  { store, rest }: Engine,
  { line, mission }: MissionWork,
): Promise<Mission | undefined> {
  const phones = await rest(line).listPhones();
  const [holder] = await missionsWithNumbers(
    store,
    phones.map(({ id }) => id),
  );
  return holder?.closedAt === undefined && holder?.id !== mission.id ? holder : undefined;
}
