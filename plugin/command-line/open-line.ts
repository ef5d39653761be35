/** Owns how a command comes to the service of its line. */
import type { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import type { CommonOptions, Settings } from "./run.ts";

/**
 * The line a command uses, and its service.
 *
 * @throws NoUsableLine
 */
export async function openLine(
  options: CommonOptions,
  settings: Settings,
): Promise<{ line: UsableLine; rest: ClawdTalkRest }> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const line = chooseLine(settings.config, options.line);
  const { ClawdTalkRest } = await import("../carriers/clawdtalk/rest.ts");
  return { line, rest: new ClawdTalkRest({ apiUrl: line.apiUrl, apiKey: line.apiKey }) };
}
