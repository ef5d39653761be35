/** Owns the command that shows who may come to speak on each line, by what they are known, and what they then are. */
import type { Command } from "commander";
import type { RunningPhone } from "../calls/running-phone.ts";
import type { LineTrust } from "../trust/line-trust.ts";
import { type Answer, answerWith, type CommandContext, type CommonOptions, type Settings } from "./run.ts";

export function definePhoneTrust(command: Command, context: CommandContext): void {
  command
    .description("Show who may come to speak on each line, known by what, how sure, and what they count as.")
    .option("--line <name>", "of this line only")
    .option("--json", "print one JSON object")
    .action(async (options: CommonOptions) => {
      await answerWith(context, options, async (settings) => {
        const { by, isRunning, lines } = await phoneTrust(settings, context, options.line);
        return {
          text: [
            ...(isRunning ? [] : [NOT_RUNNING[by]]),
            ...lines.map(describe),
            ...(lines.length === 0 ? [] : [WHAT_THEY_MAY[by]]),
          ].join("\n\n"),
          json: { by, isRunning, lines },
        } satisfies Answer;
      });
    });
}

/** The effective table of every line, or of one. */
export interface PhoneTrust {
  /** What serves the lines: the gateway's plugin, or the background process of a skill-only install. */
  readonly by: RunningPhone["by"];
  /** False: what is shown is what will count once it runs. */
  readonly isRunning: boolean;
  readonly lines: readonly LineTrust[];
}

/**
 * The effective table, as it counts now.
 *
 * @param name of one line; all when undefined.
 * @throws NoSuchLine | NoUsableLine when there is none
 */
export async function phoneTrust(
  settings: Settings,
  context: Pick<CommandContext, "places">,
  name?: string,
): Promise<PhoneTrust> {
  const { config } = settings;
  const { chooseLine, NoSuchLine } = await import("../config/choose-line.ts");
  const { runningPhone } = await import("../calls/running-phone.ts");
  const { objectAt, readGatewayConfig } = await import("../config/gateway-config.ts");
  const { phoneChannelConfig } = await import("../channel/channel-config.ts");
  const { lineTrust } = await import("../trust/line-trust.ts");
  // Says how to come by one.
  if (config.lines.length === 0) chooseLine(config);
  const chosen = name === undefined ? config.lines : config.lines.filter((line) => line.name === name);
  if (chosen.length === 0) throw new NoSuchLine(`There is no line "${name}": see "phone lines".`);
  const { configFile, env } = context.places();
  const gateway = readGatewayConfig(configFile, env).config;
  const running = await runningPhone(settings);
  const { by, speaksToOthers } = running ?? asConfigured(objectAt(gateway, "plugins", "entries"));
  const lines = chosen.map((line) =>
    lineTrust(line, {
      config,
      channel: phoneChannelConfig({ channels: objectAt(gateway, "channels") }, line.name),
      by,
      speaksToOthers,
    }),
  );
  return { by, isRunning: running !== undefined, lines };
}

/** What will serve the lines, by the gateway's config. */
function asConfigured(entries: Readonly<Record<string, unknown>>): RunningPhone {
  const entry = entries["switchboard"] as
    | { enabled?: unknown; hooks?: { allowConversationAccess?: unknown } }
    | undefined;
  if (entry === undefined || entry.enabled === false) return { by: "connector", speaksToOthers: false };
  return { by: "gateway", speaksToOthers: entry.hooks?.allowConversationAccess === true };
}

const NOT_RUNNING: Readonly<Record<RunningPhone["by"], string>> = {
  gateway: "The gateway does not answer: this is what counts when it runs.",
  connector: "Nothing is running: this is what counts without the plugin, once connect is started.",
};

const WHAT_THEY_MAY: Readonly<Record<RunningPhone["by"], string>> = {
  gateway:
    "owner: what you may, what is sensitive is asked for first. guest: talk, with the tools in guestTools. stranger: talk about the call's purpose. unknown: hears or gets one sentence. More: references/trust.md",
  connector: "owner: what you may. unknown: hears or gets one sentence. More: references/trust.md",
};

function describe({ line, carrier, enabled, inboundCallers, texts, speakers, doubts }: LineTrust): string {
  const settings = [
    ...(enabled ? [] : ["switched off"]),
    ...(speakers.some(({ way }) => way === "callsIn") ? [`inboundCallers ${inboundCallers}`] : []),
    ...(texts === undefined ? [] : [`texts ${texts}`]),
  ];
  return [
    `${line} (${[carrier, ...settings].join(", ")})`,
    ...speakers.map(({ who, tier, strength, identifiedBy, note }) => {
      const known = strength === "none" ? "known by nothing" : `${strength}: ${identifiedBy}`;
      return `  ${tier}: ${who} (${known}).${note === undefined ? "" : ` ${note}`}`;
    }),
    ...doubts.map((doubt) => `  Mind: ${doubt}`),
  ].join("\n");
}
