// Owns that pages and code agree. Commands: every subcommand and option that exists is named in its section, and none is
// named that does not exist. Settings: the same, key by key.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { defineApprovalCommand } from "../plugin/command-line/approval-command.ts";
import { defineBriefingCommand } from "../plugin/command-line/briefing-command.ts";
import { defineCallCommand } from "../plugin/command-line/call-command.ts";
import { defineClawCallCommand } from "../plugin/command-line/clawcall-command.ts";
import { defineMissionsCommand } from "../plugin/command-line/missions-command.ts";
import { definePhoneCommand } from "../plugin/command-line/phone-commands.ts";
import { plainContext } from "../plugin/command-line/run.ts";
import { defineSetupCommand } from "../plugin/command-line/setup-command.ts";
import { defineSmsCommand } from "../plugin/command-line/sms-command.ts";
import { defineCallinfoCommand } from "../plugin/command-line/stepone-callinfo.ts";
import { defineCalloutCommand } from "../plugin/command-line/stepone-callout.ts";
import { defineStepOneCommand } from "../plugin/command-line/stepone-command.ts";
import { defineStreamCommand } from "../plugin/command-line/stepone-stream.ts";
import { processContext } from "../plugin/command-line/with-settings.ts";
import { pluginConfigJsonSchema } from "../plugin/config/schema.ts";
import { defineConnectCommand } from "../plugin/connector/connect-command.ts";

const packageFolder = path.join(import.meta.dirname, "..");
const page = readFileSync(path.join(packageFolder, "references/commands.md"), "utf8");
const context = processContext(import.meta.dirname);
const plain = plainContext(import.meta.dirname);

/** How each shipped script's command is defined; `practice` defines its own as it runs. */
const DEFINITIONS: Readonly<Record<string, (command: Command) => void>> = {
  approval: (command) => defineApprovalCommand(command, context),
  briefing: (command) => defineBriefingCommand(command, context),
  call: (command) => defineCallCommand(command, context),
  callinfo: (command) => defineCallinfoCommand(command, plain),
  callout: (command) => defineCalloutCommand(command, context),
  clawcall: (command) => defineClawCallCommand(command, context),
  connect: (command) => defineConnectCommand(command, context, import.meta.dirname),
  missions: (command) => defineMissionsCommand(command, context),
  phone: (command) => definePhoneCommand(command, context),
  setup: (command) => defineSetupCommand(command, plain),
  sms: (command) => defineSmsCommand(command, context),
  stepone: (command) => defineStepOneCommand(command, context),
  stream_chat: (command) => defineStreamCommand(command, plain),
};

/** Options that the page describes once for all. */
const COMMON = ["--help", "--json", "--line"];

interface Known {
  readonly subcommands: readonly string[];
  readonly options: readonly string[];
}

function known(name: string): Known {
  const command = new Command(name);
  DEFINITIONS[name]?.(command);
  const subcommands: string[] = [];
  const options: string[] = [];
  const walk = (each: Command) => {
    options.push(...each.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : [])));
    // Hidden ones are for our own processes.
    for (const sub of each.createHelp().visibleCommands(each)) {
      if (sub.name() === "help") continue;
      subcommands.push(sub.name());
      walk(sub);
    }
  };
  walk(command);
  return { subcommands, options };
}

/** The page's sections by their titles: a title may name several scripts. */
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((text) => ({ title: text.slice(0, text.indexOf("\n")), text }));

function sectionOf(script: string): string {
  const found = sections.filter(
    ({ title }) => title.split(/[^\w]+/).includes(script) && !/^openclaw/.test(title),
  );
  return found.map(({ text }) => text).join("\n");
}

/** `phone` has the commands of other scripts too, described in their sections. */
const INSIDE: Readonly<Record<string, readonly string[]>> = {
  phone: ["clawcall", "briefing", "setup", "sms"],
};

const scripts = readdirSync(path.join(packageFolder, "dist/scripts"))
  .filter((file) => file.endsWith(".js"))
  .map((file) => path.basename(file, ".js"));

it("knows every script that is shipped", () => {
  expect([...Object.keys(DEFINITIONS), "practice"].toSorted()).toEqual(scripts.toSorted());
});

describe.each(Object.keys(DEFINITIONS))("%s", (script) => {
  const { subcommands, options } = known(script);
  const text = [script, ...(INSIDE[script] ?? [])].map(sectionOf).join("\n");

  it("has every subcommand and option on the page", () => {
    expect(sectionOf(script)).not.toBe("");
    const missing = [...subcommands, ...options.filter((option) => !COMMON.includes(option))].filter(
      (name) => !new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(text),
    );
    expect(missing).toEqual([]);
  });

  it("has nothing on the page that does not exist", () => {
    const [, usage = ""] = /```\n([\s\S]*?)```/.exec(sectionOf(script)) ?? [];
    const lines = usage.split("\n").filter((line) => line.startsWith(`${script} `));
    // "sms list | conversations": each side of the bar that begins with a word in small letters is a subcommand.
    const named = lines.flatMap((line) =>
      line
        .slice(script.length)
        .split(/\s\|\s/)
        .flatMap((part) => /^\s*([a-z][a-z-]+)(?=\s|$)/.exec(part)?.[1] ?? []),
    );
    const mentioned = [...usage.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option);
    // Those of the scripts that share the section.
    const shared = scripts
      .filter((each) => DEFINITIONS[each] !== undefined && sectionOf(each) === sectionOf(script))
      .map(known);
    expect(named.filter((name) => subcommands.length > 0 && !subcommands.includes(name))).toEqual([]);
    expect(
      mentioned.filter((option) => ![...COMMON, ...shared.flatMap((each) => each.options)].includes(option)),
    ).toEqual([]);
  });
});

it("practice has its options on the page", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(packageFolder, "scripts/practice.ts"),
    "--help",
  ]);
  const options = [...stdout.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option);
  expect(options).toContain("--port");
  const section = sectionOf("practice");
  expect(options.filter((option) => !COMMON.includes(option) && !section.includes(option))).toEqual([]);
});

describe("settings", () => {
  const settings = readFileSync(path.join(packageFolder, "references/configuration.md"), "utf8");
  const keysOf = (schema: object): string[] =>
    Object.entries((schema as { properties?: Record<string, object> }).properties ?? {}).flatMap(
      ([key, inner]) => [key, ...keysOf(inner)],
    );

  it("has every key on the page", () => {
    const keys = keysOf(pluginConfigJsonSchema());
    expect(keys).toContain("quietHours");
    const missing = keys.filter((key) => !new RegExp(`(?<![\\w])${key}(?![\\w])`).test(settings));
    expect(missing).toEqual([]);
  });
});
