/**
 * Owns the one job of the gateway's scheduler that carries missions out where nothing else does: it runs our script every
 * two minutes, tells the owner what there is to tell, and is removed with the last mission.
 */
import { addCommandJob, listCommandJobs, removeCommandJob } from "../briefings/cron-jobs.ts";
import type { GatewayCli } from "../briefings/gateway-cli.ts";

/** One job for all missions. */
const JOB_KEY = "switchboard-missions";

/** Setting a mission up takes several requests, each of which may be slow. */
const RUN_LIMIT_SECONDS = 300;

/**
 * Makes the job, unless it is there.
 *
 * @param job.command the program and its arguments.
 * @throws GatewayCommandFailed
 */
export async function makeMissionJob(
  cli: GatewayCli,
  job: { readonly command: readonly string[]; readonly stateFolder: string },
): Promise<void> {
  if ((await listCommandJobs(cli, JOB_KEY)).length > 0) return;
  await addCommandJob(cli, {
    ...job,
    key: JOB_KEY,
    name: "Phone missions",
    schedule: ["--every", "2m"],
    timeoutSeconds: RUN_LIMIT_SECONDS,
    // Where the owner spoke with the agent last.
    delivery: ["--announce", "--best-effort-deliver"],
  });
}

/** @throws GatewayCommandFailed */
export async function removeMissionJob(cli: GatewayCli): Promise<void> {
  for (const { id } of await listCommandJobs(cli, JOB_KEY)) await removeCommandJob(cli, id);
}
