/** Owns the command that shows what each configured line can do. */
import type { Command } from "commander";
import type { LeftToday } from "../limits/left-today.ts";
import type { Ability, LineAccount } from "../lines/line-calls.ts";
import {
  type Answer,
  answerWith,
  type CommandContext,
  type CommonOptions,
  type Settings,
  withStore,
} from "./run.ts";

export function definePhoneLines(command: Command, context: CommandContext): void {
  command
    .description("Show each line: what it can do, its tier, what is left of it and of today's limits.")
    .option("--json", "print one JSON object")
    .action(async (options: CommonOptions) => {
      await answerWith(context, options, (settings) => lines(settings, context));
    });
}

interface ListedLine extends Partial<LineAccount> {
  readonly name: string;
  readonly carrier: string;
  /** What the owner's limits leave of today; missing when the line is not used, or the store cannot be read. */
  readonly today?: LeftToday;
  /** What those who call in count as; missing where nobody does. */
  readonly callers?: string;
  /** Why the line cannot be used, or its account not be asked. */
  readonly problem?: string;
}

async function lines(settings: Settings, context: CommandContext): Promise<Answer> {
  const { config } = settings;
  const { carriers } = await import("../config/schema.ts");
  const { chooseLine, isUsable, whyNotUsable } = await import("../config/choose-line.ts");
  const { callsOf } = await import("../lines/line-calls.ts");
  const { messageOf } = await import("../log.ts");
  const { quietAt } = await import("../limits/left-today.ts");
  const left = await leftOnLines(settings, context);
  const { callersInWords } = await import("../trust/line-trust.ts");
  const list = await Promise.all(
    config.lines.map(async (line): Promise<ListedLine> => {
      const { name, carrier } = line;
      if (!isUsable(line)) return { name, carrier, problem: `It ${whyNotUsable(line)}.` };
      const callers = callersInWords(line);
      const today = left.get(name);
      const known = {
        name,
        carrier,
        ...(callers === undefined ? {} : { callers }),
        ...(today === undefined ? {} : { today }),
      };
      try {
        return { ...known, ...(await (await callsOf(line, config)).account()) };
      } catch (error) {
        return { ...known, problem: messageOf(error) };
      }
    }),
  );
  if (list.length === 0) {
    // Says how to come by one.
    chooseLine(config);
  }
  // One that its owner has switched off is as it should be.
  const ok = config.lines.every(
    (line, index) => list[index]?.problem === undefined || whyNotUsable(line) === "is not enabled",
  );
  if (!ok) context.setExitCode(1);
  const text = list.map((line, index) => {
    const title = carriers[config.lines[index]?.carrier ?? "clawdtalk"].title;
    return `${line.name} (${title}${line.tier === undefined ? "" : `, ${line.tier}`}): ${describe(line)}`;
  });
  const quiet = quietAt(new Date(), config);
  if (quiet?.isNow) {
    const until = quiet.hours.split("-")[1];
    text.push(`It is ${quiet.clock} in ${quiet.timezone}: until ${until} nobody is called ("quietHours").`);
  }
  const { clock: _, ...quietHours } = quiet ?? {};
  return {
    text: text.join("\n"),
    json: { ok, lines: list, quietHours: quiet === undefined ? null : quietHours },
  };
}

/** By line. A store that cannot be read is a note: what the services say is worth showing without it. */
async function leftOnLines(
  { config, stateFolder }: Settings,
  context: CommandContext,
): Promise<ReadonlyMap<string, LeftToday>> {
  const { leftToday } = await import("../limits/left-today.ts");
  const { messageOf } = await import("../log.ts");
  try {
    return await withStore({ stateFolder }, async (store) => {
      const left = config.lines.map(
        async (line) => [line.name, await leftToday(line, { store, config })] as const,
      );
      return new Map(await Promise.all(left));
    });
  } catch (error) {
    context.complain(`Note: ${messageOf(error)}\n`);
    return new Map();
  }
}

function leftInWords({ calls, minutes, texts }: LeftToday, canText: boolean): string {
  const parts = [
    `${calls.left} of ${calls.of} calls`,
    `${minutes.left} of ${minutes.of} minutes`,
    ...(canText ? [`${texts.left} of ${texts.of} texts`] : []),
  ];
  return `left today by your limits: ${parts.join(", ")}`;
}

function describe({ problem, number, left, callers, today, ...line }: ListedLine): string {
  if (problem !== undefined) return problem;
  const abilities: readonly (readonly [string, Ability | undefined])[] = [
    ["calls you", line.callsOwner],
    [
      // StepOne calls nobody else.
      line.carrier === "stepone" ? "calls mobile numbers of mainland China" : "calls others",
      line.callsOthers,
    ],
    ["texts", line.texts],
  ];
  const can = abilities.filter(([, ability]) => ability?.can === true).map(([what]) => what);
  const cannot = abilities.flatMap(([what, ability]) =>
    ability?.can === false ? [`${what.replace(/^calls /, "calling ")}: no, ${ability.because}`] : [],
  );
  return [
    can.length === 0 ? "can do nothing now" : can.join(", "),
    ...cannot,
    ...(callers === undefined ? [] : [callers]),
    ...(number === undefined ? [] : [`number ${number}`]),
    ...(left === undefined ? [] : [left]),
    ...(today === undefined ? [] : [leftInWords(today, line.texts?.can === true)]),
  ]
    .join("; ")
    .concat(".");
}
