/**
 * Owns the missions that the engine carries out: what was planned, whom it is to reach and how far it has come with each,
 * the steps as the server shows them, and what somebody has to decide. What is said to the server about it is in
 * mission-updates.ts; which changes are legal is missions/states.ts's.
 *
 * A command reads, starts, and leaves a wish (pause, resume, cancel); everything else is the engine's, which is one
 * process. Each of its changes is one `store.together` of the statements here, with what is to be told the server.
 */
import type { CompiledQuery, Generated, RawBuilder, Selectable, Updateable } from "kysely";
import { sql } from "kysely";
import type { E164 } from "../config/phone-number.ts";
import type { MissionPlan, PlanTarget, RecipientKind } from "../missions/plan.ts";
import type { Store } from "./database.ts";
import type { DoNotCallSource } from "./do-not-call.ts";
import { type Mission, missionFromRow, newMissionRow } from "./missions.ts";

export type EngineState =
  | "preparing"
  | "running"
  | "deciding"
  | "paused"
  | "closing"
  | "succeeded"
  | "failed"
  | "cancelled";

export type TargetState =
  | "waiting"
  | "scheduling"
  | "scheduled"
  | "collecting"
  | "deciding"
  | "done"
  | "failed"
  | "dropped"
  | "unsettled";

export type MissionOutcome = "succeeded" | "failed" | "cancelled";
export type MissionWish = "pause" | "resume" | "cancel";

export interface MissionPlanTable {
  mission: string;
  /** JSON; its targets are in a table of their own. */
  plan: string;
  line: string;
  state: EngineState;
  /** Where a paused one goes on. */
  paused_from: EngineState | null;
  /** What somebody wants done with it, until the engine has seen it. */
  wish: MissionWish | null;
  /** How many targets it began with. */
  size: number;
  /** From 1. */
  round: number;
  outcome: MissionOutcome | null;
  reason: string | null;
  summary: string | null;
  asked_in: string | null;
  /** When the engine has to look at the mission as a whole; null while it waits for its targets alone. */
  due_at: string | null;
  /** When the server's own view is to be looked at next; null while nothing has changed. */
  checked_at: string | null;
  /** No call of it is chosen for an earlier time: the service asked for patience. */
  calls_from: string | null;
  /** How often the service asked for patience: calls lie that much farther apart. */
  slowdown: number;
  /** Failures in a row of what concerns the whole mission. */
  failures: number;
  created_at: string;
  updated_at: string;
}

export interface MissionTargetTable {
  id: Generated<number>;
  mission: string;
  position: number;
  round: number;
  name: string;
  /** E.164; empty once the person is forgotten. */
  number: string;
  kind: RecipientKind;
  timezone: string | null;
  /** JSON. */
  facts: string;
  channel: "call" | "sms";
  /** What is texted in place of the plan's text. */
  text: string | null;
  state: TargetState;
  attempts: number;
  failures: number;
  next_at: string | null;
  /** Since when it is in what it is in, where that has an end: collecting. */
  since: string | null;
  scheduled_at: string | null;
  event_id: string | null;
  status: string | null;
  call_status: string | null;
  ended_because: string | null;
  outcome: string | null;
  conversation_id: string | null;
  duration_seconds: number | null;
  /** JSON. */
  transcript: string;
  insight: string | null;
  reply: string | null;
  /** JSON. */
  scores: string | null;
  quote: string | null;
  detail: string | null;
  is_chosen: number;
  /** Counted up within the mission at each change: what is higher than what was seen is new. */
  revision: number;
}

export interface MissionStepTable {
  mission: string;
  step_id: string;
  description: string;
  sequence: number;
  status: string;
}

export interface MissionDecisionTable {
  id: Generated<number>;
  mission: string;
  kind: DecisionKind;
  target: number | null;
  round: number;
  state: Decision["state"];
  /** JSON. */
  answer: string | null;
  tries: number;
  next_at: string | null;
  asked_at: string | null;
  created_at: string;
}

export interface TranscriptLine {
  readonly role: string;
  readonly content: string;
}

/** Somebody the mission is to reach, in one round of it. */
export interface MissionTarget {
  readonly id: number;
  /** Our id of the mission. */
  readonly mission: string;
  /** From 1, as in the plan. */
  readonly position: number;
  /** From 1. Who is chosen for the next round is a target of that round too. */
  readonly round: number;
  readonly name: string;
  readonly number: E164;
  readonly kind: RecipientKind;
  readonly timezone?: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly channel: "call" | "sms";
  /** What is texted; where there is none, the plan's text. */
  readonly text?: string;
  readonly state: TargetState;
  /** How often it was called or texted: what the carrier has scheduled counts. */
  readonly attempts: number;
  /** Failures in a row of the requests about it. */
  readonly failures: number;
  /** Waiting: not before. Scheduling, scheduled, collecting: the next look. */
  readonly nextAt?: Date;
  readonly since?: Date;
  readonly scheduledAt?: Date;
  /** The carrier's. */
  readonly eventId?: string;
  readonly status?: string;
  readonly callStatus?: string;
  /** Why the call ended, where the carrier told: "voicemail". */
  readonly endedBecause?: string;
  /** "completed", "no-answer", "busy", "failed", "voicemail", "canceled", "delivered". */
  readonly outcome?: string;
  readonly conversationId?: string;
  readonly durationSeconds?: number;
  /** Other people's words. */
  readonly transcript: readonly TranscriptLine[];
  /** What the service learned on the call: other people's words. */
  readonly insight?: string;
  /** To a text: other people's words. */
  readonly reply?: string;
  readonly scores?: Readonly<Record<string, number>>;
  readonly quote?: string;
  readonly detail?: string;
  /** Rounds: approved for the next one. */
  readonly isChosen?: boolean;
}

/** A mission with how far the engine has come. */
export interface MissionWork {
  readonly mission: Mission;
  /** Its `targets` are empty here: {@link targetsOf} has them. */
  readonly plan: MissionPlan;
  readonly state: EngineState;
  readonly pausedFrom?: EngineState;
  readonly wish?: MissionWish;
  /** How many targets it began with. */
  readonly size: number;
  readonly round: number;
  readonly reason?: string;
  readonly summary?: string;
  /** The session that asked for it. */
  readonly askedIn?: string;
  /** Decided once it is closing. */
  readonly outcome?: MissionOutcome;
  readonly line: string;
  readonly dueAt?: Date;
  readonly checkedAt?: Date;
  readonly callsFrom?: Date;
  readonly slowdown: number;
  readonly failures: number;
  readonly updatedAt: Date;
}

export type DecisionKind = "next-move" | "unusual" | "approval" | "scores" | "goal" | "summary";

/** Something that an agent or a person has to say. */
export interface Decision {
  readonly id: number;
  readonly mission: string;
  readonly kind: DecisionKind;
  readonly target?: number;
  readonly round: number;
  readonly state: "open" | "asked" | "answered";
  readonly answer?: unknown;
  readonly askedAt?: Date;
  readonly tries: number;
}

export interface MissionStep {
  readonly stepId: string;
  readonly description: string;
  readonly sequence: number;
  /** "pending", "in_progress", "completed", "skipped", "failed". */
  readonly status: string;
}

export const ENDED_STATES: readonly EngineState[] = ["succeeded", "failed", "cancelled"];
/** States of targets in which something is done about them at a time. */
export const FOLLOWED_STATES: readonly TargetState[] = ["scheduling", "scheduled", "collecting"];

export interface NewWork {
  readonly plan: MissionPlan;
  readonly line: string;
  /** The session that asks, to be told how it ends. */
  readonly askedIn?: string | undefined;
  readonly slug: string;
}

/**
 * Writes down a mission that is to be carried out; the engine begins as soon as it sees it.
 *
 * @returns undefined when another mission that goes on has that slug.
 */
export async function startMission(
  store: Store,
  { plan, line, askedIn, slug }: NewWork,
): Promise<MissionWork | undefined> {
  const now = store.now().toISOString();
  const row = newMissionRow(store, { slug, name: plan.name, line });
  const { db } = store;
  const started = await store.together({
    onlyIf: db
      .insertInto("missions")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .compile(),
    all: [
      db
        .insertInto("mission_plans")
        .values({
          mission: row.id,
          plan: JSON.stringify({ ...plan, targets: [] }),
          line,
          state: "preparing",
          paused_from: null,
          wish: null,
          size: plan.targets.length,
          round: 1,
          outcome: null,
          reason: null,
          summary: null,
          asked_in: askedIn ?? null,
          due_at: now,
          checked_at: null,
          calls_from: null,
          slowdown: 0,
          failures: 0,
          created_at: now,
          updated_at: now,
        })
        .compile(),
      ...plan.targets.map((target, index) =>
        newTargetStatement(store, row.id, {
          ...target,
          position: index + 1,
          round: 1,
          channel: plan.channel,
        }),
      ),
    ],
  });
  return started === undefined ? undefined : await workOf(store, row.id);
}

/** How far a mission has come; undefined when the engine has nothing to do with it. */
export async function workOf(store: Store, missionId: string): Promise<MissionWork | undefined> {
  const row = await works(store).where("mission_plans.mission", "=", missionId).executeTakeFirst();
  return row === undefined ? undefined : workFromRow(row);
}

/** The missions of the engine, in the order they were started. */
export async function listWork(
  store: Store,
  { withEnded = false }: { readonly withEnded?: boolean } = {},
): Promise<MissionWork[]> {
  const rows = await works(store)
    .$if(!withEnded, (query) => query.where("mission_plans.state", "not in", ENDED_STATES))
    .orderBy("mission_plans.created_at")
    .orderBy(sql`mission_plans.rowid`)
    .execute();
  return rows.map(workFromRow);
}

/** Our ids of the missions that are not over, in the order they were started. */
export async function listOpenWork(store: Store): Promise<string[]> {
  const rows = await store.db
    .selectFrom("mission_plans")
    .select("mission")
    .where("state", "not in", ENDED_STATES)
    .orderBy(sql`rowid`)
    .execute();
  return rows.map(({ mission }) => mission);
}

/** Whom a mission is to reach: round after round, in the plan's order. */
export async function targetsOf(store: Store, missionId: string): Promise<MissionTarget[]> {
  const rows = await store.db
    .selectFrom("mission_targets")
    .selectAll()
    .where("mission", "=", missionId)
    .orderBy("round")
    .orderBy("position")
    .execute();
  return rows.map(targetFromRow);
}

/** The targets of a mission that have changed since then, with the mission's revision now. */
export async function targetsSince(
  store: Store,
  missionId: string,
  revision: number,
): Promise<{ readonly targets: readonly MissionTarget[]; readonly revision: number }> {
  const rows = await store.db
    .selectFrom("mission_targets")
    .selectAll()
    .where("mission", "=", missionId)
    .where("revision", ">", revision)
    .orderBy("revision")
    .execute();
  return { targets: rows.map(targetFromRow), revision: rows.at(-1)?.revision ?? revision };
}

/** Whether anything of a mission is still to be decided. */
export async function isToBeDecided(store: Store, missionId: string): Promise<boolean> {
  const row = await store.db
    .selectFrom("mission_decisions")
    .select("id")
    .where("mission", "=", missionId)
    .where("state", "in", ["open", "asked"])
    .executeTakeFirst();
  return row !== undefined;
}

/** The targets of a mission that are in one of these states, those that are due first. */
export async function targetsIn(
  store: Store,
  missionId: string,
  wanted: {
    readonly states: readonly TargetState[];
    /** Only those whose time has come. */
    readonly dueBy?: Date | undefined;
    readonly most?: number | undefined;
  },
): Promise<MissionTarget[]> {
  const { states, dueBy, most } = wanted;
  const rows = await store.db
    .selectFrom("mission_targets")
    .selectAll()
    .where("mission", "=", missionId)
    .where("state", "in", states)
    .$if(dueBy !== undefined, (query) => query.where("next_at", "<=", dueBy?.toISOString() ?? ""))
    .orderBy("next_at")
    .orderBy("id")
    .$if(most !== undefined, (query) => query.limit(most ?? 0))
    .execute();
  return rows.map(targetFromRow);
}

export async function targetOf(store: Store, id: number): Promise<MissionTarget | undefined> {
  const row = await store.db
    .selectFrom("mission_targets")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? undefined : targetFromRow(row);
}

/** The targets of a mission with this number, the last round's first. */
export async function targetsWith(
  store: Store,
  { mission, number }: { readonly mission: string; readonly number: E164 },
): Promise<MissionTarget[]> {
  const rows = await store.db
    .selectFrom("mission_targets")
    .selectAll()
    .where("number", "=", number)
    .where("mission", "=", mission)
    .orderBy("round", "desc")
    .orderBy("position")
    .execute();
  return rows.map(targetFromRow);
}

/** Who is to be called or texted after now, and has been on the do-not-call list since it was scheduled; with who put them there. */
export async function unwantedTargets(
  store: Store,
  missionId: string,
): Promise<{ readonly target: MissionTarget; readonly source: DoNotCallSource }[]> {
  const rows = await store.db
    .selectFrom("mission_targets")
    .innerJoin("do_not_call", "do_not_call.number", "mission_targets.number")
    .selectAll("mission_targets")
    .select("do_not_call.source")
    .where("mission", "=", missionId)
    .where("state", "=", "scheduled")
    .where("scheduled_at", ">", store.now().toISOString())
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ target: targetFromRow(row), source: row.source }));
}

/** The target of a mission that this conversation was with, the carrier's id; undefined when nobody knows it. */
export async function targetOfConversation(
  store: Store,
  missionId: string,
  conversationId: string,
): Promise<MissionTarget | undefined> {
  const row = await store.db
    .selectFrom("mission_targets")
    .selectAll()
    .where("mission", "=", missionId)
    .where("conversation_id", "=", conversationId)
    .executeTakeFirst();
  return row === undefined ? undefined : targetFromRow(row);
}

/** Whether a mission has a target in one of these states. */
export async function hasTargetsIn(
  store: Store,
  missionId: string,
  states: readonly TargetState[],
): Promise<boolean> {
  const row = await store.db
    .selectFrom("mission_targets")
    .select("id")
    .where("mission", "=", missionId)
    .where("state", "in", states)
    .executeTakeFirst();
  return row !== undefined;
}

/** The times at which somebody of a mission is to be called. */
export async function takenTimes(store: Store, missionId: string): Promise<Date[]> {
  const rows = await store.db
    .selectFrom("mission_targets")
    .select("scheduled_at")
    .where("mission", "=", missionId)
    .where("state", "in", FOLLOWED_STATES)
    .execute();
  return rows.flatMap(({ scheduled_at }) => dateOf(scheduled_at) ?? []);
}

/** How often anybody of a mission was called or texted, or is to be. */
export async function attemptsOf(store: Store, missionId: string): Promise<number> {
  const row = await store.db
    .selectFrom("mission_targets")
    .select(({ fn }) => fn.sum<number | null>("attempts").as("attempts"))
    .where("mission", "=", missionId)
    .executeTakeFirst();
  return row?.attempts ?? 0;
}

/** When the first of a mission's targets is to be looked at; undefined when none is. */
export async function nextLookOf(store: Store, missionId: string): Promise<Date | undefined> {
  // Each of them reads one entry of the index, however many targets there are.
  const first = (state: TargetState) =>
    store.db
      .selectFrom("mission_targets")
      .select(({ fn }) => fn.min("next_at").as("at"))
      .where("mission", "=", missionId)
      .where("state", "=", state);
  const rows = await first("scheduling").unionAll(first("scheduled")).unionAll(first("collecting")).execute();
  const times = rows.flatMap(({ at }) => at ?? []);
  return dateOf(times.toSorted()[0] ?? null);
}

/** The steps of the plan as the server was told, in order. */
export async function stepsOf(store: Store, missionId: string): Promise<MissionStep[]> {
  const rows = await store.db
    .selectFrom("mission_steps")
    .selectAll()
    .where("mission", "=", missionId)
    .orderBy("sequence")
    .execute();
  return rows.map(({ step_id: stepId, description, sequence, status }) => ({
    stepId,
    description,
    sequence,
    status,
  }));
}

/** What was and is to be decided, in order. */
export async function decisionsOf(store: Store, missionId: string): Promise<Decision[]> {
  const rows = await store.db
    .selectFrom("mission_decisions")
    .selectAll()
    .where("mission", "=", missionId)
    .orderBy("id")
    .execute();
  return rows.map(decisionFromRow);
}

/** The engine is to pause a mission: nobody else is called, what can be taken back is. */
export async function requestPause(store: Store, missionId: string): Promise<boolean> {
  return await wish(store, missionId, "pause", ["preparing", "running", "deciding"]);
}

/** The engine is to go on with a paused mission. */
export async function requestResume(store: Store, missionId: string): Promise<boolean> {
  return await wish(store, missionId, "resume", ["paused", "preparing", "running", "deciding"]);
}

/** The engine is to end a mission: what can be taken back is. */
export async function requestCancel(store: Store, missionId: string): Promise<boolean> {
  return await wish(store, missionId, "cancel", ["preparing", "running", "deciding", "paused"]);
}

/** @returns whether it was in a state in which that can be wished. */
async function wish(
  store: Store,
  missionId: string,
  wanted: MissionWish,
  states: readonly EngineState[],
): Promise<boolean> {
  const result = await store.db
    .updateTable("mission_plans")
    .set({ wish: wanted, updated_at: store.now().toISOString() })
    .where("mission", "=", missionId)
    .where("state", "in", states)
    // Nothing takes back that it is to end.
    .where(({ or, eb }) => or([eb("wish", "is", null), eb("wish", "!=", "cancel")]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Somebody has decided. The engine sees it.
 *
 * @returns false when it was decided before.
 */
export async function answerDecision(store: Store, id: number, answer: unknown): Promise<boolean> {
  return (await store.together(answeredStatements(store, id, answer))) !== undefined;
}

/** That something is decided, and the mission due. */
export function answeredStatements(
  store: Store,
  id: number,
  answer: unknown,
): { readonly onlyIf: CompiledQuery; readonly all: readonly CompiledQuery[] } {
  const now = store.now().toISOString();
  return {
    onlyIf: store.db
      .updateTable("mission_decisions")
      .set({ state: "answered", answer: JSON.stringify(answer ?? null), next_at: null })
      .where("id", "=", id)
      .where("state", "!=", "answered")
      .compile(),
    all: [
      store.db
        .updateTable("mission_plans")
        .set({ due_at: now, updated_at: now })
        .where("mission", "=", ({ selectFrom }) =>
          selectFrom("mission_decisions").select("mission").where("id", "=", id),
        )
        .compile(),
    ],
  };
}

/** The first decision of a mission that an agent has not answered and is to be asked now; undefined when there is none. */
export async function decisionToAsk(store: Store, missionId: string): Promise<Decision | undefined> {
  const row = await store.db
    .selectFrom("mission_decisions")
    .selectAll()
    .where("mission", "=", missionId)
    .where("state", "in", ["open", "asked"])
    .where("next_at", "<=", store.now().toISOString())
    .orderBy("id")
    .executeTakeFirst();
  return row === undefined ? undefined : decisionFromRow(row);
}

/** When the next decision of a mission is to be asked for. */
export async function nextQuestionOf(store: Store, missionId: string): Promise<Date | undefined> {
  const row = await store.db
    .selectFrom("mission_decisions")
    .select(({ fn }) => fn.min("next_at").as("at"))
    .where("mission", "=", missionId)
    .where("state", "in", ["open", "asked"])
    .executeTakeFirst();
  return dateOf(row?.at ?? null);
}

/** A target to come into the mission. For `store.together`. */
export interface NewTarget extends PlanTarget {
  readonly position: number;
  readonly round: number;
  readonly channel: "call" | "sms";
  readonly text?: string | undefined;
}

export function newTargetStatement(store: Store, mission: string, added: NewTarget): CompiledQuery {
  return store.db
    .insertInto("mission_targets")
    .values({
      mission,
      position: added.position,
      round: added.round,
      name: added.name,
      number: added.number,
      kind: added.kind,
      timezone: added.timezone ?? null,
      facts: JSON.stringify(added.facts),
      channel: added.channel,
      text: added.text ?? null,
      state: "waiting",
      attempts: 0,
      failures: 0,
      transcript: "[]",
      is_chosen: 0,
      revision: nextRevision(mission),
    })
    .onConflict((conflict) => conflict.doNothing())
    .compile();
}

/** For a target that is there already, whoever changes it. */
export const NEXT_REVISION = nextRevision(sql.ref("mission_targets.mission"));

function nextRevision(mission: string | RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`(
    SELECT coalesce(max(others.revision), 0) + 1 FROM mission_targets AS others WHERE others.mission = ${mission}
  )`;
}

/** What changes about a target; `null` takes a value away. */
export type TargetChange = {
  readonly [Name in keyof Omit<MissionTarget, "id" | "mission" | "position" | "round">]?:
    | MissionTarget[Name]
    | null
    | undefined;
};

/** A target changes, provided that it is still in the state it was seen in. For `store.together`. */
export function targetStatement(
  store: Store,
  seen: Pick<MissionTarget, "id" | "state">,
  change: TargetChange,
): CompiledQuery {
  return store.db
    .updateTable("mission_targets")
    .set({ ...targetColumns(change), revision: NEXT_REVISION })
    .where("id", "=", seen.id)
    .where("state", "=", seen.state)
    .compile();
}

/** Whoever is about to be scheduled waits until then: the service asked for patience. For `store.together`. */
export function postponeStatement(store: Store, missionId: string, until: Date): CompiledQuery {
  const at = until.toISOString();
  return store.db
    .updateTable("mission_targets")
    .set({ next_at: sql`max(next_at, ${at})`, revision: NEXT_REVISION })
    .where("mission", "=", missionId)
    .where("state", "=", "scheduling")
    .compile();
}

/** What changes about a mission; `null` takes a value away. */
export interface WorkChange {
  readonly state?: EngineState;
  readonly pausedFrom?: EngineState | null;
  readonly wish?: null;
  readonly round?: number;
  readonly outcome?: MissionOutcome;
  readonly reason?: string | null;
  readonly summary?: string;
  readonly dueAt?: Date | null;
  readonly checkedAt?: Date | null;
  readonly callsFrom?: Date | null;
  readonly slowdown?: number;
  readonly failures?: number;
}

/** A mission changes, provided that it is still in the state it was seen in (and a wish the one that was fulfilled). For `store.together`. */
export function workStatement(
  store: Store,
  seen: Pick<MissionWork, "state" | "wish"> & { readonly mission: Pick<Mission, "id"> },
  change: WorkChange,
): CompiledQuery {
  const isFulfilled = change.wish === null && seen.wish !== undefined;
  const columns: Updateable<MissionPlanTable> = {
    ...(change.state === undefined ? {} : { state: change.state }),
    ...(change.pausedFrom === undefined ? {} : { paused_from: change.pausedFrom }),
    ...(change.wish === undefined ? {} : { wish: change.wish }),
    ...(change.round === undefined ? {} : { round: change.round }),
    ...(change.outcome === undefined ? {} : { outcome: change.outcome }),
    ...(change.reason === undefined ? {} : { reason: change.reason }),
    ...(change.summary === undefined ? {} : { summary: change.summary }),
    ...(change.dueAt === undefined ? {} : { due_at: change.dueAt?.toISOString() ?? null }),
    ...(change.checkedAt === undefined ? {} : { checked_at: change.checkedAt?.toISOString() ?? null }),
    ...(change.callsFrom === undefined ? {} : { calls_from: change.callsFrom?.toISOString() ?? null }),
    ...(change.slowdown === undefined ? {} : { slowdown: change.slowdown }),
    ...(change.failures === undefined ? {} : { failures: change.failures }),
  };
  return (
    store.db
      .updateTable("mission_plans")
      .set({ ...columns, updated_at: store.now().toISOString() })
      .where("mission", "=", seen.mission.id)
      .where("state", "=", seen.state)
      // Somebody may wish for something else by now, and that is not done yet.
      .$if(isFulfilled, (query) => query.where("wish", "=", seen.wish ?? null))
      .compile()
  );
}

/** The mission as a whole is to be looked at by then; earlier, when that was said before. For `store.together`. */
export function dueStatement(store: Store, missionId: string, by: Date): CompiledQuery {
  const at = by.toISOString();
  return store.db
    .updateTable("mission_plans")
    .set({ due_at: sql`min(coalesce(due_at, ${at}), ${at})`, updated_at: store.now().toISOString() })
    .where("mission", "=", missionId)
    .compile();
}

/** The server's own view of a mission is to be looked at by then. For `store.together`. */
export function checkStatement(store: Store, missionId: string, by: Date): CompiledQuery {
  const at = by.toISOString();
  return store.db
    .updateTable("mission_plans")
    .set({ checked_at: sql`min(coalesce(checked_at, ${at}), ${at})` })
    .where("mission", "=", missionId)
    .compile();
}

/** The steps a mission begins with. For `store.together`; those that are there stay as they are. */
export function newStepStatements(
  store: Store,
  missionId: string,
  steps: readonly Omit<MissionStep, "status">[],
): CompiledQuery[] {
  return steps.map(({ stepId, description, sequence }) =>
    store.db
      .insertInto("mission_steps")
      .values({ mission: missionId, step_id: stepId, description, sequence, status: "pending" })
      .onConflict((conflict) => conflict.doNothing())
      .compile(),
  );
}

/** How a step stands. For `store.together`. */
export function stepStatement(
  store: Store,
  missionId: string,
  stepId: string,
  status: string,
): CompiledQuery {
  return store.db
    .updateTable("mission_steps")
    .set({ status })
    .where("mission", "=", missionId)
    .where("step_id", "=", stepId)
    .compile();
}

/**
 * Something is to be decided, unless it is being decided already. For `store.together`.
 *
 * @param asked.byAgent false when only a person can: nobody is asked by the engine.
 */
export function newDecisionStatement(
  store: Store,
  asked: {
    readonly mission: string;
    readonly kind: DecisionKind;
    readonly target?: number | undefined;
    readonly round: number;
    readonly byAgent: boolean;
  },
): CompiledQuery {
  const now = store.now().toISOString();
  const target = asked.target ?? null;
  return sql`
    INSERT INTO mission_decisions (mission, kind, target, round, state, tries, next_at, asked_at, created_at)
    SELECT ${asked.mission}, ${asked.kind}, ${target}, ${asked.round}, ${asked.byAgent ? "open" : "asked"}, 0,
      ${asked.byAgent ? now : null}, ${asked.byAgent ? null : now}, ${now}
    WHERE NOT EXISTS (
      SELECT 1 FROM mission_decisions
      WHERE mission = ${asked.mission} AND kind = ${asked.kind} AND target IS ${target} AND state <> 'answered'
    )
  `.compile(store.db);
}

/** That an agent is being asked, and when it is asked again if nothing comes of it. For `store.together`. */
export function askedStatement(store: Store, id: number, again: Date): CompiledQuery {
  return store.db
    .updateTable("mission_decisions")
    .set(({ eb }) => ({
      state: "asked",
      tries: eb("tries", "+", 1),
      asked_at: store.now().toISOString(),
      next_at: again.toISOString(),
    }))
    .where("id", "=", id)
    .where("state", "!=", "answered")
    .compile();
}

/** What nobody needs to decide any more. For `store.together`. */
export function dropDecisionsStatement(store: Store, missionId: string): CompiledQuery {
  return store.db
    .deleteFrom("mission_decisions")
    .where("mission", "=", missionId)
    .where("state", "!=", "answered")
    .compile();
}

function works({ db }: Store) {
  return db
    .selectFrom("mission_plans")
    .innerJoin("missions", "missions.id", "mission_plans.mission")
    .selectAll("missions")
    .select([
      "mission_plans.plan",
      "mission_plans.line as work_line",
      "mission_plans.state",
      "mission_plans.paused_from",
      "mission_plans.wish",
      "mission_plans.size",
      "mission_plans.round",
      "mission_plans.outcome",
      "mission_plans.reason",
      "mission_plans.summary",
      "mission_plans.asked_in",
      "mission_plans.due_at",
      "mission_plans.checked_at",
      "mission_plans.calls_from",
      "mission_plans.slowdown",
      "mission_plans.failures",
      "mission_plans.updated_at as worked_at",
    ]);
}

type WorkRow = Awaited<ReturnType<ReturnType<typeof works>["executeTakeFirstOrThrow"]>>;

function workFromRow(row: WorkRow): MissionWork {
  const dueAt = dateOf(row.due_at);
  const checkedAt = dateOf(row.checked_at);
  const callsFrom = dateOf(row.calls_from);
  return {
    mission: missionFromRow(row),
    plan: planFrom(row.plan),
    state: row.state,
    ...(row.paused_from === null ? {} : { pausedFrom: row.paused_from }),
    ...(row.wish === null ? {} : { wish: row.wish }),
    size: row.size,
    round: row.round,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.summary === null ? {} : { summary: row.summary }),
    ...(row.asked_in === null ? {} : { askedIn: row.asked_in }),
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    line: row.work_line,
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(checkedAt === undefined ? {} : { checkedAt }),
    ...(callsFrom === undefined ? {} : { callsFrom }),
    slowdown: row.slowdown,
    failures: row.failures,
    updatedAt: new Date(row.worked_at),
  };
}

/** A plan as it was written down: JSON knows no times. */
function planFrom(written: string): MissionPlan {
  const plan = JSON.parse(written) as MissionPlan;
  const { limits, window } = plan;
  return {
    ...plan,
    limits: { ...limits, ...(limits.endsAt === undefined ? {} : { endsAt: new Date(limits.endsAt) }) },
    window: { ...window, ...(window.start === undefined ? {} : { start: new Date(window.start) }) },
  };
}

function targetFromRow(row: Selectable<MissionTargetTable>): MissionTarget {
  const nextAt = dateOf(row.next_at);
  const since = dateOf(row.since);
  const scheduledAt = dateOf(row.scheduled_at);
  return {
    id: row.id,
    mission: row.mission,
    position: row.position,
    round: row.round,
    name: row.name,
    number: row.number as E164,
    kind: row.kind,
    ...(row.timezone === null ? {} : { timezone: row.timezone }),
    facts: JSON.parse(row.facts),
    channel: row.channel,
    ...(row.text === null ? {} : { text: row.text }),
    state: row.state,
    attempts: row.attempts,
    failures: row.failures,
    ...(nextAt === undefined ? {} : { nextAt }),
    ...(since === undefined ? {} : { since }),
    ...(scheduledAt === undefined ? {} : { scheduledAt }),
    ...(row.event_id === null ? {} : { eventId: row.event_id }),
    ...(row.status === null ? {} : { status: row.status }),
    ...(row.call_status === null ? {} : { callStatus: row.call_status }),
    ...(row.ended_because === null ? {} : { endedBecause: row.ended_because }),
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    ...(row.conversation_id === null ? {} : { conversationId: row.conversation_id }),
    ...(row.duration_seconds === null ? {} : { durationSeconds: row.duration_seconds }),
    transcript: JSON.parse(row.transcript),
    ...(row.insight === null ? {} : { insight: row.insight }),
    ...(row.reply === null ? {} : { reply: row.reply }),
    ...(row.scores === null ? {} : { scores: JSON.parse(row.scores) }),
    ...(row.quote === null ? {} : { quote: row.quote }),
    ...(row.detail === null ? {} : { detail: row.detail }),
    ...(row.is_chosen === 0 ? {} : { isChosen: true }),
  };
}

function targetColumns(change: TargetChange): Updateable<MissionTargetTable> {
  const columns: Record<string, string | number | null | undefined> = {
    name: change.name,
    number: change.number,
    kind: change.kind,
    timezone: change.timezone,
    facts: json(change.facts),
    channel: change.channel,
    text: change.text,
    state: change.state,
    attempts: change.attempts,
    failures: change.failures,
    next_at: iso(change.nextAt),
    since: iso(change.since),
    scheduled_at: iso(change.scheduledAt),
    event_id: change.eventId,
    status: change.status,
    call_status: change.callStatus,
    ended_because: change.endedBecause,
    outcome: change.outcome,
    conversation_id: change.conversationId,
    duration_seconds: change.durationSeconds,
    transcript: change.transcript === null ? "[]" : json(change.transcript),
    insight: change.insight,
    reply: change.reply,
    scores: json(change.scores),
    quote: change.quote,
    detail: change.detail,
    is_chosen: change.isChosen === undefined ? undefined : Number(change.isChosen),
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

function decisionFromRow(row: Selectable<MissionDecisionTable>): Decision {
  const askedAt = dateOf(row.asked_at);
  return {
    id: row.id,
    mission: row.mission,
    kind: row.kind,
    ...(row.target === null ? {} : { target: row.target }),
    round: row.round,
    state: row.state,
    ...(row.answer === null ? {} : { answer: JSON.parse(row.answer) }),
    ...(askedAt === undefined ? {} : { askedAt }),
    tries: row.tries,
  };
}

function dateOf(written: string | null): Date | undefined {
  return written === null ? undefined : new Date(written);
}

function iso(date: Date | null | undefined): string | null | undefined {
  return date === null || date === undefined ? date : date.toISOString();
}

function json(value: unknown): string | null | undefined {
  return value === null || value === undefined ? value : JSON.stringify(value);
}
