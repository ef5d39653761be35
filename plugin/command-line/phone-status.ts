/**
 * Owns the one screen of the phone: what is running, the lines, the last calls, what is planned, missions under way. Nothing
 * outside this machine is asked; the doctor does that.
 */
import path from "node:path";
import type { Command } from "commander";
import type { CallStatus } from "../calls/call-information.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { status } from "./phone-calls.ts";
import { type Answer, answerWith, type CommandContext, type CommonOptions, type Settings } from "./run.ts";

/** Adds the argument and the options to a command. */
export function definePhoneStatus(command: Command, context: CommandContext): void {
  command
    .description("Show on one screen what the phone is doing; with a call's id how that call stands.")
    .argument("[id]", "the call's")
    .option("--line <name>", "the call's line, where that is not clear")
    .option("--json", "print one JSON object")
    .action(async (id: string | undefined, options: CommonOptions) => {
      await answerWith(context, options, (settings) =>
        id === undefined ? screen(settings, context) : status(id, options, settings, context),
      );
    });
}

/** Of each kind so many are shown. */
const SHOWN = 5;

/** What runs the lines, and how they are. */
interface Running {
  /** Null: nothing. */
  readonly by: "gateway" | "connector" | null;
  /** A sentence. */
  readonly sentence: string;
  readonly version: string;
  readonly warm: boolean;
  readonly lines: readonly ShownLine[];
  readonly problems: readonly string[];
}

interface ShownLine {
  readonly name: string;
  readonly carrier: string;
  readonly state: string;
  readonly detail: string;
  readonly since?: string;
  readonly liveCalls: number;
  readonly problem?: string;
  /** Why nobody answers on it. */
  readonly noAgent?: string;
  readonly callers?: string;
}

async function screen(settings: Settings, context: CommandContext): Promise<Answer> {
  const [running, kept] = await Promise.all([whatRuns(settings), keptHere(settings)]);
  const { by, sentence, lines, problems } = running;
  const isWell =
    by !== null &&
    problems.length === 0 &&
    lines.every(
      ({ state, problem, noAgent }) =>
        state === "connected" && problem === undefined && noAgent === undefined,
    );
  if (!isWell) context.setExitCode(1);
  const { describeInOneLine } = await import("./phone-words.ts");
  const { spoken } = await import("./quoted.ts");
  const text = [
    sentence,
    ...(lines.length > 0 ? lines.map(describe) : ["No line is running."]),
    ...problems,
    ...part("Last calls:", kept.calls.map(describeInOneLine)),
    ...part("Planned calls:", kept.planned.map(describeInOneLine)),
    ...part(
      "Missions under way:",
      kept.missions.map((mission) => `${mission.slug}: ${spoken(mission.name)} [${mission.status}]`),
    ),
    ...(kept.problem === undefined ? [] : [kept.problem]),
    ...(isWell ? [] : [`What is wrong, and what mends it: ${doctorCommand(by, context)}`]),
  ];
  const { sentence: _, ...facts } = running;
  const { problem, ...lists } = kept;
  return {
    text: text.join("\n"),
    json: {
      ok: isWell,
      ...facts,
      ...lists,
      problems: problem === undefined ? problems : [...problems, problem],
    },
    hasOthersWords: true,
  };
}

/** As it can be typed: the gateway's program has our commands while it runs the plugin. */
function doctorCommand(by: Running["by"], context: CommandContext): string {
  if (by === "gateway") return "openclaw phone doctor";
  const script = path.join(context.places().packageFolder ?? "", "dist", "scripts", "doctor.js");
  return `node ${/\s/.test(script) ? `"${script}"` : script}`;
}

function part(heading: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : ["", heading, ...entries.map((entry) => `  ${entry}`)];
}

function describe(line: ShownLine): string {
  const { name, carrier, state, since, detail, callers, liveCalls, problem, noAgent } = line;
  return (
    `${name} (${carrier}): ${state}${since === undefined ? "" : ` since ${since}`}. ${detail}` +
    (callers === undefined ? "" : ` On it ${callers}.`) +
    (liveCalls > 0 ? ` Calls now: ${liveCalls}.` : "") +
    [problem, noAgent].map((sentence) => (sentence === undefined ? "" : ` ${sentence}`)).join("")
  );
}

/** The gateway's plugin, else the background process, else what is configured. */
async function whatRuns({ config, stateFolder }: Settings): Promise<Running> {
  const { askPhoneStatus, GatewayNotReached } = await import("../lines/gateway-phone.ts");
  const { runningStatus } = await import("../connector/control.ts");
  const { connectorFiles } = await import("../connector/files.ts");
  const { packageVersion } = await import("../version.ts");
  let notReached: string;
  try {
    const { version, warm, lines, problems } = await askPhoneStatus(config);
    return {
      by: "gateway",
      sentence: `Switchboard ${version} runs in the gateway${warm ? "" : ", which is still warming up"}.`,
      version,
      warm,
      lines,
      problems,
    };
  } catch (error) {
    if (!(error instanceof GatewayNotReached)) throw error;
    notReached = error.message;
  }
  const connector = await runningStatus(connectorFiles(stateFolder));
  if (connector !== undefined) {
    const { pid, version, startedAt, agent, lines, problems } = connector;
    const noWay = agent.way === undefined ? [agent.detail] : [];
    return {
      by: "connector",
      sentence: `Switchboard ${version} runs in the background (process ${pid}, since ${startedAt}).`,
      version,
      warm: true,
      lines,
      problems: [...problems, ...noWay],
    };
  }
  return {
    by: null,
    sentence: "Nothing keeps the lines connected.",
    version: packageVersion(),
    warm: false,
    lines: await configured(config),
    problems: [notReached],
  };
}

async function configured(config: SwitchboardConfig): Promise<ShownLine[]> {
  const { whyNotUsable } = await import("../config/choose-line.ts");
  return config.lines.map((line) => {
    const why = whyNotUsable(line);
    return {
      name: line.name,
      carrier: line.carrier,
      state: "not running",
      detail: why === undefined ? "It has its key." : `It ${why}.`,
      liveCalls: 0,
    };
  });
}

interface Kept {
  readonly calls: readonly CallStatus[];
  readonly planned: readonly CallStatus[];
  readonly missions: readonly { readonly slug: string; readonly name: string; readonly status: string }[];
  /** Why nothing of it can be shown. */
  readonly problem?: string;
}

/** What the store has. One that cannot be read is a problem: the rest is worth showing without it. */
async function keptHere({ stateFolder }: Settings): Promise<Kept> {
  const { storedStatus } = await import("../calls/call-information.ts");
  const { statusOf } = await import("../missions/known-mission.ts");
  const { plannedCalls, searchCalls } = await import("../store/calls.ts");
  const { listMissions } = await import("../store/missions.ts");
  const { withStore } = await import("../store/database.ts");
  const { StoreError } = await import("../store/store-error.ts");
  try {
    return await withStore({ stateFolder }, async (store) => {
      const [last, planned, missions] = await Promise.all([
        searchCalls(store, { limit: 4 * SHOWN }),
        plannedCalls(store),
        listMissions(store),
      ]);
      const calls = last.filter(({ state }) => state !== "planned").slice(0, SHOWN);
      return {
        calls: calls.map(storedStatus),
        planned: planned.slice(0, SHOWN).map(storedStatus),
        missions: missions
          .slice(-SHOWN)
          .map((mission) => ({ slug: mission.slug, name: mission.name, status: statusOf(mission) })),
      };
    });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { calls: [], planned: [], missions: [], problem: error.message };
  }
}
