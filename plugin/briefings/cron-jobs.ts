/**
 * Owns what the gateway's own scheduler keeps for us: cron jobs that run our scripts, made, listed and removed
 * through `openclaw cron` (gateway docs, "Command payloads"); and among them the briefings.
 *
 * Label and task lie in the job itself, as what the script reads from its standard input: whoever removes the job by
 * any other way leaves nothing behind, and no shell ever reads them.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { jsonIn } from "../json-text.ts";
import { CLI_VARIABLE, type GatewayCli, GatewayCommandFailed } from "./gateway-cli.ts";

/** What the script that rings is told. */
export const ringOrder = z.object({
  /** Tells the job from all others. */
  key: z.string(),
  cron: z.string(),
  timezone: z.string(),
  label: z.string(),
  task: z.string().min(1),
  /** The only line that may ring; any when undefined. */
  line: z.string().optional(),
});

export type RingOrder = z.infer<typeof ringOrder>;

export interface BriefingJob extends RingOrder {
  readonly id: string;
  readonly isActive: boolean;
  /**
   * As the gateway says; undefined while the job is not active. While the scheduler runs the job this is the time it
   * is run for; while somebody runs it by hand it is the time to come (both seen on OpenClaw 2026.9.6).
   */
  readonly nextTime: Date | undefined;
}

/** Ours begin like this; the rest of the key tells them apart. */
const KEY_PREFIX = "switchboard-briefing:";

const job = z.object({
  id: z.string(),
  declarationKey: z.string().optional(),
  enabled: z.boolean().optional(),
  schedule: z.object({ kind: z.string(), expr: z.string().optional(), tz: z.string().optional() }),
  payload: z.object({ input: z.string().optional() }),
  nextRunAtMs: z.number().optional(),
});

const added = z.object({ job: z.object({ id: z.string() }) });
const listed = z.object({ jobs: z.array(z.unknown()) });

/** How long a run may take: preparing and placing the call, with room. In seconds. */
const RUN_LIMIT_SECONDS = 600;

/**
 * Makes a job that is due exactly at the schedule's times (the gateway spreads jobs of a full hour otherwise).
 *
 * @param job.command the program and its arguments.
 * @returns the job's id.
 * @throws GatewayCommandFailed
 */
export async function addBriefingJob(
  cli: GatewayCli,
  job: {
    readonly order: Omit<RingOrder, "key">;
    readonly command: readonly string[];
    readonly stateFolder: string;
  },
): Promise<string> {
  const order: RingOrder = { key: `${KEY_PREFIX}${randomUUID()}`, ...job.order };
  return await addCommandJob(cli, {
    schedule: ["--cron", order.cron, "--tz", order.timezone, "--exact"],
    name: `Phone briefing: ${order.label}`,
    key: order.key,
    command: job.command,
    input: JSON.stringify(order),
    stateFolder: job.stateFolder,
    timeoutSeconds: RUN_LIMIT_SECONDS,
    delivery: ["--no-deliver"],
  });
}

/** A job of the gateway's scheduler that runs a script of ours. */
export interface CommandJob {
  /** As the options of `openclaw cron add`. */
  readonly schedule: readonly string[];
  readonly name: string;
  /** Tells it from all others. */
  readonly key: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** What it reads from its standard input. */
  readonly input?: string | undefined;
  readonly stateFolder: string;
  readonly timeoutSeconds: number;
  /** Where what it prints goes, as the options of `openclaw cron add`. */
  readonly delivery: readonly string[];
}

/** @returns the job's id. @throws GatewayCommandFailed */
export async function addCommandJob(cli: GatewayCli, job: CommandJob): Promise<string> {
  const printed = await cli.run([
    "cron",
    "add",
    ...job.schedule,
    "--name",
    job.name,
    "--declaration-key",
    job.key,
    "--command-argv",
    JSON.stringify(job.command),
    ...(job.input === undefined ? [] : ["--command-input", job.input]),
    "--command-env",
    `OPENCLAW_STATE_DIR=${job.stateFolder}`,
    "--command-env",
    `${CLI_VARIABLE}=${cli.file}`,
    "--timeout-seconds",
    String(job.timeoutSeconds),
    ...job.delivery,
    "--json",
  ]);
  const answer = added.safeParse(printed);
  if (!answer.success) {
    throw new GatewayCommandFailed(
      '"openclaw cron add" did not say which job it made: see "openclaw cron list".',
    );
  }
  return answer.data.job.id;
}

type ListedJob = z.output<typeof job>;

/** The scheduler's jobs whose key begins so, also those that are switched off. @throws GatewayCommandFailed */
export async function listCommandJobs(cli: GatewayCli, key: string): Promise<ListedJob[]> {
  const answer = listed.safeParse(await cli.run(["cron", "list", "--all", "--json"]));
  if (!answer.success) {
    throw new GatewayCommandFailed('"openclaw cron list" printed something that is not understood.');
  }
  return answer.data.jobs.flatMap((entry) => {
    const known = job.safeParse(entry).data;
    return known?.declarationKey?.startsWith(key) === true ? [known] : [];
  });
}

/** @throws GatewayCommandFailed */
export async function removeCommandJob(cli: GatewayCli, id: string): Promise<void> {
  await cli.run(["cron", "rm", id, "--json"]);
}

/** Our briefings, also those that are switched off. @throws GatewayCommandFailed */
export async function listBriefingJobs(cli: GatewayCli): Promise<BriefingJob[]> {
  return (await listCommandJobs(cli, KEY_PREFIX)).map((known): BriefingJob => {
    const order = ringOrder.safeParse(jsonIn(known.payload.input ?? "")).data;
    const isActive = known.enabled !== false;
    const { expr = "", tz = "UTC" } = known.schedule;
    return {
      ...(order ?? { key: known.declarationKey ?? KEY_PREFIX, label: "(unreadable)", task: "(unreadable)" }),
      // The job's own: somebody may have edited it.
      cron: expr,
      timezone: tz,
      id: known.id,
      isActive,
      nextTime: isActive && known.nextRunAtMs !== undefined ? new Date(known.nextRunAtMs) : undefined,
    };
  });
}
