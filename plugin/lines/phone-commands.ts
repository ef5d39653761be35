/** Owns the commands below `openclaw phone`. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { loadConfig } from "../config/loader.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { findGateway, findPackageFolder } from "../config/state-folder.ts";
import { askPhoneLog, askPhoneStatus } from "./gateway-phone.ts";
import type { PhoneStatus } from "./service.ts";

export function addPhoneCommands(program: Command): void {
  const phone = program.command("phone").description("Calls and texts: status, call, sms, logs");
  phone
    .command("status")
    .description("Each line: connected or not, and what to do")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }) =>
      await orSentence(async () => {
        const status = await askPhoneStatus(configHere());
        console.log(json ? JSON.stringify(status, null, 2) : statusText(status));
        if (status.problems.length > 0 || status.lines.some((line) => line.state !== "connected")) {
          process.exitCode = 1;
        }
      }),
    );
  phone
    .command("logs")
    .description("The last things that happened on the phone")
    .option("--limit <count>", "how many lines", Number, 50)
    .action(async ({ limit }: { limit: number }) =>
      await orSentence(async () => {
        const lines = await askPhoneLog(configHere());
        for (const line of lines.slice(-limit)) console.log(line);
      }),
    );
}

function configHere(): SwitchboardConfig {
  const folder = dirname(fileURLToPath(import.meta.url));
  return loadConfig({
    env: process.env,
    ...findGateway({ env: process.env, startFolders: [folder] }),
    packageFolder: findPackageFolder(folder),
  }).config;
}

function statusText(status: PhoneStatus): string {
  const lines = status.lines.map(
    (line) =>
      `${line.name} (${line.carrier}): ${line.state} since ${line.since}. ${line.detail}` +
      (line.liveCalls > 0 ? ` Calls now: ${line.liveCalls}.` : ""),
  );
  return [...(lines.length > 0 ? lines : ["No line is running."]), ...status.problems].join("\n");
}

async function orSentence(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
