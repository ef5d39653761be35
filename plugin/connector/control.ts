/** Owns starting, stopping and watching the background process from another one, on every platform. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorFiles } from "./files.ts";
import { ANOTHER_RUNS, isLocked } from "./lock.ts";
import { type ConnectorStatus, readStatus, removeWish } from "./status-file.ts";

/** The background process could not be started or ended. The message is for people. */
export class ConnectorProblem extends Error {
  override readonly name = "ConnectorProblem";
}

/** How this very program is run again as the background process. */
export interface Launch {
  readonly command: string;
  readonly commandLine: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** A handshake and the answer to the key may take ten seconds each. */
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 10_000;
const KILL_LIMIT_MS = 5_000;
/** A process that has taken the lock says so within milliseconds. */
const HOLDER_LIMIT_MS = 3_000;
/** A dead process that nobody reaps stays in the table: it is not waited for any longer. */
const LEAVING_MS = 200;
const POLL_MS = 50;
/** Without a word for this long it hangs: it writes every five seconds. */
const HANGS_AFTER_MS = 120_000;
/** After a sleep of the machine the last word is old too; a process that lives writes again at once. */
const WAKE_UP_MS = 3_000;

/** What the running process last said; undefined when none runs. */
export async function runningStatus(files: ConnectorFiles): Promise<ConnectorStatus | undefined> {
  const giveUpAt = performance.now() + HOLDER_LIMIT_MS;
  while (isLocked(files.lock)) {
    const status = readStatus(files.status);
    if (status?.state === "running" && isAlive(status.pid)) return status;
    if (performance.now() > giveUpAt) {
      throw new ConnectorProblem(
        `A process holds ${files.lock} and does not say which one it is: end it, or restart the machine.`,
      );
    }
    await sleep(POLL_MS);
  }
  return undefined;
}

export interface Started {
  /** False: another one was there first. */
  readonly isNew: boolean;
  readonly status: ConnectorStatus;
}

/**
 * Starts the process and waits until every line is connected, or is known not to be for now.
 *
 * @throws ConnectorProblem when it ended again.
 */
export async function startBackground(files: ConnectorFiles, launch: Launch): Promise<Started> {
  const crashFile = openSync(files.crash, "w", 0o600);
  const child = spawn(launch.command, launch.commandLine, {
    detached: true,
    windowsHide: true,
    cwd: files.folder,
    env: launch.env,
    stdio: ["ignore", "ignore", crashFile],
  });
  closeSync(crashFile);
  let exitCode: number | null | undefined;
  let spawnError: Error | undefined;
  child.on("exit", (code) => {
    exitCode = code;
  });
  child.on("error", (error) => {
    spawnError = error;
  });
  child.unref();
  const giveUpAt = performance.now() + START_LIMIT_MS;
  for (;;) {
    if (spawnError !== undefined)
      throw new ConnectorProblem(`Node cannot be started: ${spawnError.message}.`);
    // Looked at first: what it wrote last is there by then.
    const hasEnded = exitCode !== undefined;
    const status = readStatus(files.status);
    if (status !== undefined && status.pid === child.pid) {
      if (status.gaveUp !== undefined) {
        // It says so before it ends: whoever looks next is to find it gone.
        await isGone(files, status.pid, STOP_LIMIT_MS);
        throw new ConnectorProblem(status.gaveUp);
      }
      // Lines that have all given up are followed by the reason, or by the process's end.
      const isDecided =
        status.lines.length > 0 &&
        status.lines.every(({ state }) => state !== "starting") &&
        !status.lines.every(({ state }) => state === "refused" || state === "stopped");
      if (isDecided || performance.now() > giveUpAt) return { isNew: true, status };
    }
    if (hasEnded) {
      const other = exitCode === ANOTHER_RUNS ? await runningStatus(files) : undefined;
      if (other !== undefined) return { isNew: false, status: other };
      throw new ConnectorProblem(`The background process ended at once: ${lastWords(files)}`);
    }
    if (performance.now() > giveUpAt) {
      child.kill("SIGKILL");
      throw new ConnectorProblem(`The background process does not start: see ${files.log}.`);
    }
    await sleep(POLL_MS);
  }
}

/**
 * Ends the process and waits until it is gone. Nothing wants it any more, whether it ran or not.
 *
 * @returns what it last said; undefined when none ran.
 * @throws ConnectorProblem when it cannot be ended.
 */
export async function stopBackground(files: ConnectorFiles): Promise<ConnectorStatus | undefined> {
  // The process watches for this; on Windows there is no signal that lets it end cleanly.
  removeWish(files.wish);
  const status = await runningStatus(files);
  if (status === undefined) return undefined;
  if (process.platform !== "win32") signal(status.pid, "SIGTERM");
  if (await isGone(files, status.pid, STOP_LIMIT_MS)) return status;
  signal(status.pid, "SIGKILL");
  if (await isGone(files, status.pid, KILL_LIMIT_MS)) return status;
  throw new ConnectorProblem(`The background process (process ${status.pid}) does not end: end it by hand.`);
}

/** Whether the running process hangs. Waits a moment before it says so. */
export async function isHanging(
  files: ConnectorFiles,
  status: ConnectorStatus,
  wakeUpMs = WAKE_UP_MS,
): Promise<boolean> {
  if (ageMs(status) < HANGS_AFTER_MS) return false;
  await sleep(wakeUpMs);
  const later = readStatus(files.status);
  return later !== undefined && later.pid === status.pid && ageMs(later) >= HANGS_AFTER_MS;
}

function ageMs(status: ConnectorStatus): number {
  return Date.now() - Date.parse(status.updatedAt);
}

/** Waits until the lock is free, and a moment more for the process to leave the process table. */
async function isGone(files: ConnectorFiles, pid: number, limitMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + limitMs;
  while (isLocked(files.lock)) {
    if (performance.now() > giveUpAt) return false;
    await sleep(POLL_MS);
  }
  const lookUntil = performance.now() + LEAVING_MS;
  while (isAlive(pid) && performance.now() < lookUntil) await sleep(POLL_MS);
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is one too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}

function lastWords(files: ConnectorFiles): string {
  const words = readFileSync(files.crash, "utf8").trim().split("\n").filter(Boolean);
  return words.find((line) => /^\w*Error\b/.test(line)) ?? words.at(-1) ?? `see ${files.log}.`;
}
