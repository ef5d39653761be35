/**
 * Owns the two small files other processes read: what the background process last said about itself, and that it
 * is wanted. Written whole or not at all; no secret is in them.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";

const lineStatus = z.object({
  name: z.string(),
  carrier: z.string(),
  state: z.enum(["starting", "connected", "reconnecting", "stopped", "refused"]),
  detail: z.string(),
  /** UTC ISO 8601. */
  since: z.string(),
  liveCalls: z.number(),
});

const connectorStatus = z.object({
  pid: z.number(),
  version: z.string(),
  /** UTC ISO 8601. */
  startedAt: z.string(),
  /** UTC ISO 8601; written every few seconds: an old one means that the process hangs. */
  updatedAt: z.string(),
  state: z.enum(["running", "ended"]),
  /** Why it ended, when starting it again would not help. For people. */
  gaveUp: z.string().optional(),
  lines: z.array(lineStatus),
  agent: z.object({
    way: z.enum(["chat-completions", "sessions-send"]).optional(),
    modelCallsPerTurn: z.number().optional(),
    detail: z.string(),
  }),
  /** A sentence each. */
  problems: z.array(z.string()),
  lastError: z.object({ at: z.string(), message: z.string() }).optional(),
});

export type ConnectorStatus = z.infer<typeof connectorStatus>;

const wish = z.object({ server: z.string().optional() });

/** That the process is wanted, and how it was started. */
export type Wish = z.infer<typeof wish>;

/** What the process last said; undefined when it never did. */
export function readStatus(file: string): ConnectorStatus | undefined {
  return connectorStatus.safeParse(readJsonFile(file)).data;
}

export function writeStatus(file: string, status: ConnectorStatus): void {
  writeWhole(file, status);
}

/** Undefined when nobody wants the process to run. */
export function readWish(file: string): Wish | undefined {
  return wish.safeParse(readJsonFile(file)).data;
}

export function writeWish(file: string, wanted: Wish): void {
  writeWhole(file, wanted);
}

export function removeWish(file: string): void {
  rmSync(file, { force: true });
}

function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function writeWhole(file: string, content: unknown): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  try {
    renameSync(unfinished, file);
  } catch (error) {
    // On Windows a file that somebody reads just now cannot be replaced; the next write does it.
    rmSync(unfinished, { force: true });
    if (process.platform !== "win32") throw error;
  }
}
