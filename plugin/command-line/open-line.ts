/**
 * Owns how a command comes to the service of its line. What belongs to one carrier is loaded for lines of that carrier
 * alone.
 */
import type { ClawCallRest } from "../carriers/clawcall/rest.ts";
import type { ClawdTalkMissions } from "../carriers/clawdtalk/missions-rest.ts";
import type { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { CarrierName } from "../config/schema.ts";
import type { LineCalls } from "../lines/line-calls.ts";
import type { CommonOptions, Settings } from "./run.ts";

/** The carriers that say what they are told to: a call to the owner begins, or is all, words of ours. */
export const SPEAKING_CARRIERS = ["clawdtalk", "clawcall"] as const satisfies readonly CarrierName[];

/**
 * The line a command uses, and its calls.
 *
 * @param wanted the carriers that will do.
 * @throws NoUsableLine
 */
export async function openCalls(
  options: CommonOptions,
  settings: Settings,
  wanted: readonly CarrierName[],
): Promise<{ line: UsableLine; calls: LineCalls }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line, wanted);
  const { callsOf } = await import("../lines/line-calls.ts");
  return { line, calls: await callsOf(line, settings.config) };
}

/**
 * The ClawdTalk line a command uses, and its service.
 *
 * @throws NoUsableLine
 */
export async function openClawdTalkLine(
  options: CommonOptions,
  settings: Settings,
): Promise<{ line: UsableLine<"clawdtalk">; rest: ClawdTalkRest }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line, ["clawdtalk"]);
  return { line, rest: await clawdTalkRest(line) };
}

/**
 * The ClawdTalk line a command uses, and its service for missions.
 *
 * @param doubt what to do when a request may have been carried out all the same, where that is not to look.
 * @throws NoUsableLine
 */
export async function openMissions(
  options: CommonOptions,
  settings: Settings,
  doubt?: string,
): Promise<{ line: UsableLine<"clawdtalk">; rest: ClawdTalkMissions }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line, ["clawdtalk"]);
  const { ClawdTalkMissions } = await import("../carriers/clawdtalk/missions-rest.ts");
  const { secretsOf } = await import("../config/redaction.ts");
  const { apiUrl, apiKey } = line;
  return {
    line,
    rest: new ClawdTalkMissions({ apiUrl, apiKey, secrets: secretsOf(settings.config), doubt }),
  };
}

/**
 * The ClawCall line a command uses, and its service.
 *
 * @throws NoUsableLine
 */
export async function openClawCallLine(
  options: CommonOptions,
  settings: Settings,
): Promise<{ line: UsableLine<"clawcall">; rest: ClawCallRest }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line, ["clawcall"]);
  return { line, rest: await clawCallRest(line) };
}

type Account = Pick<UsableLine, "apiUrl" | "apiKey">;

async function clawdTalkRest({ apiUrl, apiKey }: Account): Promise<ClawdTalkRest> {
  const { ClawdTalkRest } = await import("../carriers/clawdtalk/rest.ts");
  return new ClawdTalkRest({ apiUrl, apiKey });
}

async function clawCallRest({ apiUrl, apiKey }: Account): Promise<ClawCallRest> {
  const { ClawCallRest } = await import("../carriers/clawcall/rest.ts");
  return new ClawCallRest({ baseUrl: apiUrl, apiKey });
}
