/**
 * Owns which shell commands only read, or reach nobody but the owner: exact forms of this package's own scripts, and of
 * `openclaw phone`, without anything a shell would act on. Everything else counts as a command that may do something.
 */
import { isAbsolute, join, resolve } from "node:path";

export interface CommandPlaces {
  /** Where the command is run, as an absolute path; undefined when it is not said. */
  readonly folder: string | undefined;
  readonly packageFolder: string;
  /** The program that runs our scripts, as it may be written beside plain "node". */
  readonly node: string;
}

const PHONE = [
  "status",
  "transcript",
  "follow",
  "history",
  "lines",
  "logs",
  "sms list",
  "sms conversations",
  "briefing list",
  "clawcall account",
  "clawcall history",
  "clawcall schedule list",
  "clawcall billing status",
  "clawcall agents list",
  "do-not-call list",
  "approval status",
  "approval list",
  // To the owner's own phone, as the tools do it unasked.
  "call me",
  "sms me",
  "sms send me",
];

const MISSIONS = [
  ...["check-key", "get-mission", "list-missions", "get-run", "list-runs", "get-plan", "list-events"],
  ...["list-assistants", "get-assistant", "get-connection-id", "list-phones", "get-available-phone"],
  ...["get-event", "list-events-assistant", "get-insights", "list-linked-agents", "list-state", "get-state"],
  ...["get-memory", "watch", "report"],
];

/** The first words with which each script is harmless. */
const FORMS: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ["phone", forms(PHONE)],
  ["sms", forms(["list", "conversations", "send me"])],
  ["briefing", forms(["list"])],
  ["call", forms(["status"])],
  ["clawcall", forms(["account", "history", "schedule list", "billing status", "agents list"])],
  // It does nothing else.
  ["callinfo", [[]]],
  ["connect", forms(["status"])],
  // Whatever only shows something. Who runs one, goes on with one or says yes to one calls many people.
  ["missions", forms(MISSIONS)],
  ["approval", forms(["status", "list"])],
]);

function forms(texts: readonly string[]): string[][] {
  return texts.map((text) => text.split(" "));
}

/** Options that only choose what is shown, or when the owner is called. */
const OPTIONS: ReadonlySet<string> = new Set([
  ...[
    "--json",
    "--line",
    "--carrier",
    "--limit",
    "--search",
    "--contact",
    "--direction",
    "--transcripts",
    "--at",
    "--help",
    "--format",
    "--refresh",
    "--available",
  ],
]);

/** Whether this shell command only reads, or reaches nobody but the owner. */
export function isHarmlessCommand(command: string, places: CommandPlaces): boolean {
  const [, folder, behind] = IN_FOLDER.exec(command) ?? [];
  if (folder !== undefined && behind !== undefined) {
    const [path = "", ...others] = plainWords(folder) ?? [];
    const isFolder = isAbsolute(path) && others.length === 0;
    return isFolder && isHarmlessCommand(behind, { ...places, folder: path });
  }
  const [program, ...words] = plainWords(command) ?? [];
  if (program === "openclaw") return words[0] === "phone" && isForm("phone", words.slice(1));
  if (program !== "node" && program !== places.node) return false;
  const [script, ...rest] = words;
  const name = script === undefined ? undefined : scriptOf(script, places);
  return name !== undefined && isForm(name, rest);
}

/** How a command is run in a folder: first the way there, and nothing else between. */
const IN_FOLDER = /^ *cd +([^ &](?:[^&]*[^ &])?) +&& +([^&]*)$/u;

function isForm(script: string, words: readonly string[]): boolean {
  const isKnown = FORMS.get(script)?.some((form) => form.every((word, index) => word === words[index]));
  return isKnown === true && words.every((word) => !word.startsWith("-") || OPTIONS.has(word));
}

/** The name of a script of ours; undefined for any other file. */
function scriptOf(path: string, { folder, packageFolder }: CommandPlaces): string | undefined {
  const file = folder === undefined ? path : resolve(folder, path);
  return [...FORMS.keys()].find((name) => file === join(packageFolder, "dist", "scripts", `${name}.js`));
}

/** Nothing that any shell replaces, joins or sends elsewhere. */
const PLAIN_WORD = /"([^"$`!%\\\p{Cc}]*)"|'([^'\p{Cc}]*)'|([\p{L}\p{N}_./:+-]+)/uy;
/** The same, with the backslash of Windows' paths. */
const PLAIN_WINDOWS_WORD = /"([^"$`!%\p{Cc}]*)"|'([^'\p{Cc}]*)'|([\p{L}\p{N}_./:+\\-]+)/uy;

/** The command's words; undefined when a shell would make something else of it. */
function plainWords(command: string, platform = process.platform): string[] | undefined {
  const word = platform === "win32" ? PLAIN_WINDOWS_WORD : PLAIN_WORD;
  const text = command.replaceAll(/^ +| +$/g, "");
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    word.lastIndex = at;
    const found = word.exec(text);
    if (found === null) return undefined;
    words.push(found[1] ?? found[2] ?? found[3] ?? "");
    at = word.lastIndex;
    if (at === text.length) break;
    const space = /^ +/.exec(text.slice(at));
    if (space === null) return undefined;
    at += space[0].length;
  }
  return words;
}
