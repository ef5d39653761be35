/**
 * Owns how a change of the gateway's config is shown to people before it is written, and how the gateway's own command
 * line is asked whether it takes the config.
 */
import path from "node:path";
import type { ConfigPlace, ConfigPlan, FileChange, Validate } from "../config/gateway-config-file.ts";
import type { PlainContext } from "./run.ts";

/** Checks the config with the gateway's own command. */
export async function validator({ configFile, env }: ConfigPlace, context: PlainContext): Promise<Validate> {
  const { configProblem, findGatewayCli, openGatewayCli } = await import("../briefings/gateway-cli.ts");
  const cli = openGatewayCli(findGatewayCli({ env, platform: process.platform, script: process.argv[1] }), {
    ...env,
    OPENCLAW_STATE_DIR: stateFolderOf(configFile, context),
    OPENCLAW_CONFIG_PATH: configFile,
  });
  return async (): Promise<string | undefined> => await configProblem(cli.run);
}

/**
 * The state folder of the gateway whose config it is: its `.env` and plugins decide what is valid. A config of another
 * installation lies in that one's folder under the usual name.
 */
export function stateFolderOf(configFile: string, context: PlainContext): string {
  const own = context.places();
  const isOthers =
    configFile !== own.configFile && /^(openclaw|clawdbot)\.json$/.test(path.basename(configFile));
  return isOthers ? path.dirname(configFile) : own.stateFolder;
}

/** What will change, where, and nothing of what stands around it: that may be a secret. */
export function difference({ changes }: ConfigPlan): string {
  const lines: string[] = [];
  let heading = "";
  for (const change of changes) {
    const own = `${change.name}, ${change.setting}:`;
    if (own !== heading) lines.push(own);
    heading = own;
    lines.push(...pieces(change, "-", change.removed), ...pieces(change, "+", change.added));
  }
  return lines.join("\n");
}

function pieces({ line }: FileChange, sign: "-" | "+", text: string): string[] {
  const written = text.split(/\r\n|[\n\r\u2028\u2029]/);
  return written
    .map((piece, index) => `  line ${line + index} ${sign} ${piece}`)
    .filter((_, index) => written[index]?.trim() !== "");
}

/** The same for programs. */
export function differenceFacts({ changes }: ConfigPlan): readonly object[] {
  return changes.map(({ name, setting, line, removed, added }) => ({
    file: name,
    setting,
    line,
    removed,
    added,
  }));
}
