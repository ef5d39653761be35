/**
 * Owns reading the gateway's own state from inside its process: its scheduled jobs and what runs in the background.
 *
 * Tried on OpenClaw 2026.9.6: a service of any plugin is given the scheduler (`getCron`; the gateway's own requests are
 * only for trusted plugins), and its list takes 0.1 ms; tasks are read per session through `api.runtime.tasks`, 1 to 4 ms.
 */
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import type { KnownSchedule } from "../briefings/preparer.ts";
import { nextRun } from "../briefings/schedule.ts";
import type { Facts, ScheduledJob } from "./quick-answer.ts";

/** One of the gateway's jobs, as far as it matters here. */
interface GatewayJob {
  readonly id: string;
  readonly name?: string;
  /** What people see where the name is for programs. */
  readonly displayName?: string;
  readonly declarationKey?: string;
  readonly enabled?: boolean;
  readonly payload?: { readonly kind?: string };
  readonly state?: { readonly nextRunAtMs?: number; readonly runningAtMs?: number };
}

/** What a plugin's service is given of the gateway's scheduler. */
export interface Scheduler {
  isEnabled?(): Promise<boolean>;
  list(): Promise<readonly GatewayJob[]>;
}

/** Jobs that the gateway set up for itself: nobody asked for them, so nobody is told of them. */
const HOUSEKEEPING = ["heartbeat:", "skill-collection-review:", "memory-core:"];
/** Longer titles are somebody's whole request; this much of it is told, in characters. */
const LONGEST_TITLE = 80;

export interface FactsParameters {
  readonly agentId: string;
  readonly sessionKey: string;
  /** As the phone's own settings name it. */
  readonly agentName: string | undefined;
  /** Undefined while the gateway has given none. */
  readonly scheduler: Scheduler | undefined;
  /** The scheduled calls that carriers make by themselves. */
  readonly carrierSchedules: readonly KnownSchedule[];
  readonly now: Date;
}

/** The reads throw when the state cannot be read. */
export function gatewayFacts(runtime: OpenClawPluginApi["runtime"], parameters: FactsParameters): Facts {
  const { agentId, sessionKey, scheduler, now } = parameters;
  const config = runtime.config.current() as ReturnType<typeof runtime.config.current> & AgentDefaults;

  async function jobs(): Promise<readonly GatewayJob[]> {
    if (scheduler === undefined) throw new Error("the gateway has not given its scheduler");
    // Jobs of a scheduler that is switched off have times, but will not run at them.
    if ((await scheduler.isEnabled?.()) === false) throw new Error("the gateway's scheduler is off");
    return (await scheduler.list()).filter((job) => job.enabled !== false && !isHousekeeping(job));
  }

  return {
    agentName: parameters.agentName ?? runtime.agent.resolveAgentIdentity(config as never, agentId)?.name,
    now,
    timezone: config.agents?.defaults?.userTimezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
    scheduledJobs: async () =>
      [
        ...(await jobs()).map(toScheduledJob),
        ...parameters.carrierSchedules.map(({ label, cron, timezone }) => ({
          name: label,
          nextRun: nextRun({ cron, timezone }, now),
        })),
      ].sort(byNextRun),
    runningTasks: async () => {
      const sessions = [...new Set([sessionKey, `agent:${agentId}:main`])];
      const lists = await Promise.all(
        sessions.map((key) => runtime.tasks.async.runs.bindSession({ sessionKey: key, agentId }).list()),
      );
      const tasks = lists.flat().filter(
        // A job's own runs are known from the job.
        ({ status, runtime: kind }) => (status === "running" || status === "queued") && kind !== "cron",
      );
      const running = [
        ...tasks.map(({ id, label, title, startedAt, createdAt }) => ({
          id,
          title: label || title,
          sinceMs: startedAt ?? createdAt,
        })),
        ...(await jobs()).flatMap((job) =>
          job.state?.runningAtMs === undefined
            ? []
            : [{ id: job.id, title: nameOf(job), sinceMs: job.state.runningAtMs }],
        ),
      ];
      return [...new Map(running.map((task) => [task.id, task])).values()]
        .sort((left, right) => right.sinceMs - left.sinceMs)
        .map(({ title }) => shortened(title));
    },
  };
}

interface AgentDefaults {
  readonly agents?: { readonly defaults?: { readonly userTimezone?: string } };
}

function isHousekeeping({ declarationKey, payload }: GatewayJob): boolean {
  return (
    payload?.kind === "heartbeat" ||
    HOUSEKEEPING.some((prefix) => declarationKey?.startsWith(prefix) ?? false)
  );
}

function toScheduledJob(job: GatewayJob): ScheduledJob {
  const nextRunAtMs = job.state?.nextRunAtMs;
  return { name: nameOf(job), nextRun: nextRunAtMs === undefined ? undefined : new Date(nextRunAtMs) };
}

function nameOf(job: GatewayJob): string {
  return shortened(job.displayName || job.name || job.id);
}

function byNextRun(left: ScheduledJob, right: ScheduledJob): number {
  return (left.nextRun?.getTime() ?? Number.MAX_VALUE) - (right.nextRun?.getTime() ?? Number.MAX_VALUE);
}

/** On one line, and no longer than one can listen to. Cut between words where there are any. */
function shortened(title: string): string {
  const oneLine = title.replace(/\s+/gu, " ").trim();
  if (oneLine.length <= LONGEST_TITLE) return oneLine;
  const cut = oneLine.slice(0, LONGEST_TITLE);
  const space = cut.lastIndexOf(" ");
  return `${(space > LONGEST_TITLE / 2 ? cut.slice(0, space) : cut).toWellFormed()}…`;
}
