/**
 * Owns the commands below `openclaw phone`, which are those of the script `phone` too: calls and texts on any carrier, the
 * carriers' own, and what only the running gateway can tell.
 */
import type { Command } from "commander";
import { askPhoneLog } from "../lines/gateway-phone.ts";
import { defineBriefingCommand } from "./briefing-command.ts";
import { defineClawCallCommand } from "./clawcall-command.ts";
import { defineDoctorCommand } from "./doctor-command.ts";
import { definePhoneCalls } from "./phone-calls.ts";
import { definePhoneLines } from "./phone-lines.ts";
import { definePhonePeople } from "./phone-people.ts";
import { definePhoneStatus } from "./phone-status.ts";
import { definePhoneTrust } from "./phone-trust.ts";
import { answerWith, type CommandContext, type CommonOptions, wholeNumber } from "./run.ts";
import { defineSetupCommand } from "./setup-command.ts";
import { defineSmsCommand } from "./sms-command.ts";
import { type OnStop, onProcessStop } from "./stopping.ts";

/** Adds `phone` to the gateway's program. */
export function definePhoneCommands(program: Command, context: CommandContext, onStop?: OnStop): void {
  const phone = program
    .command("phone")
    // The gateway's program knows the options of a command only before its subcommands; ours stand on either side. Said
    // before there are subcommands: each takes it over when it is made.
    .enablePositionalOptions(false)
    // As the scripts do: what was not understood is exit code 2.
    .exitOverride((error) => {
      if (error.exitCode !== 0) Object.assign(error, { exitCode: 2 });
      throw error;
    });
  definePhoneCommand(phone, context, onStop);
}

/** Adds the subcommands to `phone`. */
export function definePhoneCommand(phone: Command, context: CommandContext, onStop = onProcessStop): void {
  phone.description("Calls, texts and briefings over whichever line can do it.");
  definePhoneCalls(phone, context, onStop);
  definePhoneStatus(phone.command("status"), context);
  defineDoctorCommand(phone.command("doctor"), context, onStop);
  definePhoneLines(phone.command("lines"), context);
  definePhoneTrust(phone.command("trust"), context);
  definePhonePeople(phone, context);
  defineSmsCommand(phone.command("sms"), context, { isAnyLine: true });
  defineClawCallCommand(phone.command("clawcall"), context);
  defineBriefingCommand(phone.command("briefing"), context);
  defineSetupCommand(phone.command("setup"), context, onStop);
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
