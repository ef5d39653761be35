/**
 * Owns looking at the processes of this machine, to tell which one runs a certain file: a number in a pid file may
 * belong to somebody else by now. Nothing is ended here.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";
import { execa } from "execa";
import { objectAt, realPathIfPresent } from "../config/gateway-config.ts";
import { jsonIn } from "../json-text.ts";

export interface RunningProcess {
  readonly id: number;
  /** Program and arguments; one text where the system tells no more. */
  readonly commandLine: readonly string[] | string;
  /** Where the system tells. */
  readonly workingFolder?: string;
}

/** The processes this user may see; none where the system cannot be asked. */
export async function runningProcesses(platform: NodeJS.Platform): Promise<RunningProcess[]> {
  if (platform === "linux") return fromProc();
  return platform === "win32" ? await fromWindows() : await fromPs();
}

/** Whether the process was started with this file: as a word of its command line, absolute or from where it runs. */
export function isRunning(file: string, { commandLine, workingFolder }: RunningProcess): boolean {
  if (typeof commandLine === "string") {
    const at = commandLine.indexOf(file);
    return at >= 0 && /^["']?(?:\s|$)/.test(commandLine.slice(at + file.length));
  }
  return commandLine
    .slice(1)
    .some(
      (word) =>
        (path.isAbsolute(word) || workingFolder !== undefined) &&
        path.basename(word) === path.basename(file) &&
        realPathIfPresent(path.resolve(workingFolder ?? "/", word)) === realPathIfPresent(file),
    );
}

/** Whether a file of that name is a word of the process's command line, wherever it lies. */
export function hasName(file: string, { commandLine }: RunningProcess): boolean {
  const words = typeof commandLine === "string" ? commandLine.split(/[\s"']+/) : commandLine;
  return words.some((word) => word.split(/[\\/]/).at(-1) === path.basename(file));
}

function fromProc(): RunningProcess[] {
  let ids: number[];
  try {
    ids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
  return ids.flatMap((id): RunningProcess[] => {
    try {
      const commandLine = readFileSync(`/proc/${id}/cmdline`, "utf8").split("\0").slice(0, -1);
      if (commandLine.length === 0) return [];
      const workingFolder = workingFolderOf(id);
      return [{ id, commandLine, ...(workingFolder === undefined ? {} : { workingFolder }) }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

/** Another user's is not told. */
function workingFolderOf(id: number): string | undefined {
  try {
    return readlinkSync(`/proc/${id}/cwd`);
  } catch {
    return undefined;
  }
}

const LOOK_LIMIT_MS = 10_000;

async function fromPs(): Promise<RunningProcess[]> {
  const { stdout } = await execa("ps", ["-axww", "-o", "pid=,command="], {
    reject: false,
    timeout: LOOK_LIMIT_MS,
  });
  return (stdout ?? "").split("\n").flatMap((line): RunningProcess[] => {
    const [, id, commandLine] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return id === undefined || commandLine === undefined ? [] : [{ id: Number(id), commandLine }];
  });
}

async function fromWindows(): Promise<RunningProcess[]> {
  const question =
    "Get-CimInstance Win32_Process | Select-Object ProcessId,CommandLine | ConvertTo-Json -Compress";
  const { stdout } = await execa("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", question], {
    reject: false,
    timeout: LOOK_LIMIT_MS,
    windowsHide: true,
  });
  return [jsonIn(stdout ?? "")].flat().flatMap((row): RunningProcess[] => {
    const { ProcessId, CommandLine } = objectAt(row);
    return typeof ProcessId === "number" && typeof CommandLine === "string"
      ? [{ id: ProcessId, commandLine: CommandLine }]
      : [];
  });
}
