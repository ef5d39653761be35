/** Owns the commands below `openclaw phone`: the scripts' own, and what only the running gateway can tell. */
import type { Command } from "commander";
import { askPhoneLog, askPhoneStatus } from "../lines/gateway-phone.ts";
import type { PhoneStatus } from "../lines/service.ts";
import { defineBriefingCommand } from "./briefing-command.ts";
import { defineCallCommand } from "./call-command.ts";
import { defineClawCallCommand } from "./clawcall-command.ts";
import { answerWith, type CommandContext, type CommonOptions, wholeNumber } from "./run.ts";
import { defineSmsCommand } from "./sms-command.ts";

export function definePhoneCommands(program: Command, context: CommandContext): void {
  const phone = program
    .command("phone")
    .description("Calls, texts and briefings: status, call, sms, clawcall, briefing, logs")
    // The gateway's program knows the options of a command only before its subcommands; ours stand on either side. Said
    // before there are subcommands: each takes it over when it is made.
    .enablePositionalOptions(false)
    // As the scripts do: what was not understood is exit code 2.
    .exitOverride((error) => {
      if (error.exitCode !== 0) Object.assign(error, { exitCode: 2 });
      throw error;
    });
  phone
    .command("status")
    .description("Show each line: connected or not, and what to do.")
    .option("--json", "print one JSON object")
    .action(async (options: CommonOptions) => {
      await answerWith(context, options, async ({ config }) => {
        const status = await askPhoneStatus(config);
        const isWell =
          status.problems.length === 0 &&
          status.lines.every((line) => line.state === "connected" && line.problem === undefined);
        if (!isWell) context.setExitCode(1);
        return { text: describe(status), json: { ...status } };
      });
    });
  defineCallCommand(phone.command("call"), context);
  defineSmsCommand(phone.command("sms"), context);
  defineClawCallCommand(phone.command("clawcall"), context);
  defineBriefingCommand(phone.command("briefing"), context);
  const logs = phone.command("logs");
  logs
    .description("Show the last things that happened on the phone.")
    .option("--limit <count>", "how many lines", (given) => wholeNumber(logs, "--limit", given, 500), 50)
    .option("--json", "print one JSON object")
    .action(async (options: CommonOptions & { limit: number }) => {
      await answerWith(context, options, async ({ config }) => {
        const lines = (await askPhoneLog(config)).slice(-options.limit);
        return { text: lines.length === 0 ? "Nothing has happened yet." : lines.join("\n"), json: { lines } };
      });
    });
}

function describe(status: PhoneStatus): string {
  const lines = status.lines.map(
    (line) =>
      `${line.name} (${line.carrier}): ${line.state} since ${line.since}. ${line.detail}` +
      (line.liveCalls > 0 ? ` Calls now: ${line.liveCalls}.` : "") +
      (line.problem === undefined ? "" : ` ${line.problem}`),
  );
  return [...(lines.length > 0 ? lines : ["No line is running."]), ...status.problems].join("\n");
}
