// Owns the missions of a ClawdTalk practice account: missions, runs, plans and their steps, logged events, linked agents.
// What is scheduled, and the assistants and numbers, are parts of their own, found here.
import { Assistants, Numbers } from "./clawdtalk-assistants.ts";
import type { RunStatus, StepStatus } from "./clawdtalk-missions-wire.ts";
import { missing, Refusal } from "./clawdtalk-routes.ts";
import { type ScheduledDesk, ScheduledEvents } from "./clawdtalk-scheduled.ts";

export interface PracticeMission {
  readonly id: string;
  readonly name: string;
  readonly instructions: string;
  status: "active" | "cancelled";
  /** ISO 8601, UTC. */
  readonly created_at: string;
}

export interface PracticeStep {
  readonly step_id: string;
  readonly description: string;
  readonly sequence: number;
  readonly title?: string | undefined;
  status: StepStatus;
}

export interface PracticeRun {
  readonly run_id: string;
  readonly mission_id: string;
  status: RunStatus;
  readonly input: unknown;
  result_summary?: string | undefined;
  result_payload?: unknown;
  /** ISO 8601, UTC. */
  readonly created_at: string;
}

interface LoggedEvent {
  readonly event_id: string;
  readonly type: string;
  readonly summary: string;
  readonly agent_id?: string | undefined;
  readonly step_id?: string | undefined;
  readonly payload?: unknown;
  /** ISO 8601, UTC. */
  readonly created_at: string;
}

/** A run with what belongs to it. */
export interface KnownRun {
  readonly run: PracticeRun;
  readonly plan: PracticeStep[];
  readonly events: LoggedEvent[];
  /** The assistants' ids. */
  readonly agents: string[];
}

/** What missions need from the server; the rest is for what is scheduled. */
type MissionDesk = Omit<ScheduledDesk, "missions"> & { readonly dedicatedNumber: string | undefined };

export class Missions {
  readonly all: PracticeMission[] = [];
  readonly assistants: Assistants;
  readonly numbers: Numbers;
  readonly scheduled: ScheduledEvents;
  /**
   * Whether the server completes the step of an event that has finished, and closes the run once all its events are
   * over. The wire page says to expect either. Settable.
   */
  closesByItself = true;
  readonly #desk: MissionDesk;
  readonly #runs: KnownRun[] = [];

  constructor(desk: MissionDesk) {
    this.#desk = desk;
    this.assistants = new Assistants(desk);
    this.numbers = new Numbers(desk);
    this.scheduled = new ScheduledEvents({ ...desk, missions: this });
  }

  create(given: { readonly name: string; readonly instructions: string }): PracticeMission {
    const mission: PracticeMission = {
      id: this.#desk.newId("mission"),
      ...given,
      status: "active",
      created_at: this.#now(),
    };
    this.all.push(mission);
    return mission;
  }

  find(id: string): PracticeMission {
    return this.all.find((mission) => mission.id === id) ?? missing(`mission ${id}`);
  }

  /** Every run with what belongs to it, in order. */
  get runs(): readonly KnownRun[] {
    return this.#runs;
  }

  start(missionId: string, input: unknown): PracticeRun {
    const { id: mission_id } = this.find(missionId);
    const run: PracticeRun = {
      run_id: this.#desk.newId("run"),
      mission_id,
      status: "pending",
      input,
      created_at: this.#now(),
    };
    this.#runs.push({ run, plan: [], events: [], agents: [] });
    return run;
  }

  runOf(missionId: string, runId: string): KnownRun {
    const { id } = this.find(missionId);
    return (
      this.#runs.find(({ run }) => run.mission_id === id && run.run_id === runId) ?? missing(`run ${runId}`)
    );
  }

  stepOf(missionId: string, runId: string, stepId: string): PracticeStep {
    const { plan } = this.runOf(missionId, runId);
    return plan.find(({ step_id }) => step_id === stepId) ?? missing(`step ${stepId}`);
  }

  /** @throws Refusal when the run has a plan already. */
  plan(missionId: string, runId: string, steps: readonly Omit<PracticeStep, "status">[]): PracticeStep[] {
    const { plan } = this.runOf(missionId, runId);
    if (plan.length > 0) throw new Refusal(409, "plan_exists", `Run ${runId} has a plan.`);
    const inOrder = steps.toSorted((one, other) => one.sequence - other.sequence);
    plan.push(...inOrder.map((step) => ({ ...step, status: "pending" as const })));
    return plan;
  }

  log(missionId: string, runId: string, logged: Omit<LoggedEvent, "event_id" | "created_at">): LoggedEvent {
    const event = { event_id: this.#desk.newId("event"), ...logged, created_at: this.#now() };
    this.runOf(missionId, runId).events.push(event);
    return event;
  }

  cancel(missionId: string): PracticeMission {
    const mission = this.find(missionId);
    mission.status = "cancelled";
    for (const { run } of this.#runs) {
      if (run.mission_id === missionId && isOpen(run)) run.status = "cancelled";
    }
    this.scheduled.cancelAllOf(missionId);
    return mission;
  }

  /** An event of this run is over: what the server makes of it. */
  eventOver(event: {
    readonly mission_id?: string | undefined;
    readonly run_id?: string | undefined;
    readonly step_id?: string | undefined;
    readonly status: string;
  }): void {
    if (!this.closesByItself) return;
    const known = this.#runs.find(
      ({ run }) => run.mission_id === event.mission_id && run.run_id === event.run_id,
    );
    if (known === undefined) return;
    const step = known.plan.find(({ step_id }) => step_id === event.step_id);
    if (step !== undefined) step.status = event.status === "completed" ? "completed" : "failed";
    const events = this.scheduled.all.filter(({ run_id }) => run_id === event.run_id);
    if (isOpen(known.run) && events.every(({ status }) => status === "completed" || status === "failed")) {
      known.run.status = "succeeded";
    }
  }

  #now(): string {
    return new Date(this.#desk.clock.now()).toISOString();
  }
}

function isOpen({ status }: PracticeRun): boolean {
  return status === "pending" || status === "running";
}
