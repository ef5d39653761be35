/**
 * Owns which tools may run on the phone without a yes: a table of tools and their arguments, and the owner's own rules
 * before it (setting `toolRules`). A tool the table does not know counts as sensitive, those of MCP servers included.
 */
import { isAbsolute, join, relative, resolve } from "node:path";
import type { ToolRule } from "../config/schema.ts";
import { isHarmlessCommand } from "./harmless-commands.ts";

/** What a run wants to do. */
export interface ToolUse {
  readonly tool: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The gateway's word for tools that share a name: "code_mode_exec" runs a program, not a shell command. */
  readonly kind?: string | undefined;
}

/** What the table needs to know of this machine and its owner. */
export interface ToolPlaces {
  /** The agent's folder; undefined when it is not known: then no file is in it. */
  readonly workspace?: string | undefined;
  /** This package's folder; undefined when it is not known: then no script is ours. */
  readonly packageFolder?: string | undefined;
  /** The program that runs our scripts. */
  readonly node: string;
  readonly ownerNumbers: readonly string[];
  /** The run was just told what other people said, and may be doing what they want. */
  readonly quotesOthers?: boolean | undefined;
  /** The path with every link followed; undefined when there is nothing. */
  realPath(path: string): string | undefined;
}

type Params = ToolUse["params"];
/** Whether a tool with these arguments is harmless. */
type Harmless = (params: Params, places: ToolPlaces) => boolean;

const always: Harmless = () => true;
/** Harmless with these values of its `action`. */
const actions =
  (...names: readonly string[]): Harmless =>
  ({ action }) =>
    typeof action === "string" && names.includes(action);

/**
 * What reads, searches, remembers or tells. `tool_call` is asked about once more by the name of what it calls;
 * `phone_approve` asks the owner itself.
 */
const HARMLESS: ReadonlyMap<string, Harmless> = new Map([
  ["read", ({ path, file_path: file }) => [path, file].some(isText) && ![path, file].some(namesASecret)],
  ["view_image", always],
  ["pdf", always],
  ["web_search", always],
  ["x_search", always],
  ["web_fetch", always],
  ["memory_search", always],
  ["memory_get", always],
  ["session_status", always],
  ["sessions_list", always],
  ["sessions_history", always],
  ["sessions_search", always],
  ["sessions_yield", always],
  ["conversations_list", always],
  ["agents_list", always],
  ["agents_wait", always],
  ["get_goal", always],
  ["progress_card", always],
  ["update_plan", always],
  ["ask_user", always],
  ["heartbeat_respond", always],
  ["tool_search", always],
  ["tool_describe", always],
  ["tool_call", always],
  ["phone_end_call", always],
  ["phone_approve", always],
  ["process", actions("list", "poll", "log")],
  ["automations", actions("status", "list", "get", "runs")],
  ["subagents", actions("list")],
  ["nodes", actions("status", "describe")],
  ["browser", actions("status", "tabs", "profiles")],
  ["gateway", actions("config.schema.lookup")],
  ["write", isNote],
  ["edit", isNote],
  ["exec", isHarmlessExec],
  ["message", isMessageToOwner],
  // Whoever it runs, goes on with or says yes to calls many people.
  ["phone_mission", actions("status", "report")],
  ["phone_call", ({ number }, { ownerNumbers }) => number === "me" || isOneOf(ownerNumbers, number)],
]);

/** Harmless but where others were just quoted: it carries words out of the house, or leaves some for later. */
const REACHES_FURTHER: ReadonlySet<string> = new Set([
  ...["web_fetch", "web_search", "x_search", "pdf", "view_image", "write", "edit"],
]);

/** Other names of the same tools, as the gateway takes them. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["bash", "exec"],
  ["apply-patch", "apply_patch"],
  ["cron", "automations"],
]);

/** The argument that a pattern of the owner's is about, where none is named. */
const MAIN_ARGUMENT: ReadonlyMap<string, string> = new Map([
  ["exec", "command"],
  ["read", "path"],
  ["write", "path"],
  ["edit", "path"],
  ["web_fetch", "url"],
  ["web_search", "query"],
  ["phone_call", "number"],
  ...["message", "process", "automations", "subagents", "nodes", "browser", "gateway", "phone_mission"].map(
    (tool) => [tool, "action"] as const,
  ),
]);

/** Tools that move money by their name: the owner says yes with a fingerprint or face, never by voice. */
const MONEY = /pay|purchas|checkout|transfer|withdraw|refund|wallet|donat/i;

/** Whether the table counts this as sensitive, whatever the owner's rules say. */
export function isSensitive(use: ToolUse, places: ToolPlaces): boolean {
  if (use.kind !== undefined) return true;
  const tool = nameOf(use.tool);
  if (places.quotesOthers === true && REACHES_FURTHER.has(tool)) return true;
  const harmless = HARMLESS.get(tool);
  return harmless === undefined || !harmless(use.params, places);
}

/**
 * Whether a guest may have this tool when the owner lists it: it only reads, searches or tells, whatever it is given. What
 * is harmless with some arguments alone (a note in the workspace, our own scripts, a message to the owner) is the owner's.
 */
export function isForGuests(tool: string): boolean {
  const name = nameOf(tool);
  return name === "read" || HARMLESS.get(name) === always;
}

/** Whether only a fingerprint or face will do. */
export function needsBiometry({ tool }: ToolUse): boolean {
  return MONEY.test(tool);
}

/**
 * What is done with this use of a tool: the owner's rules first, then the table.
 *
 * A rule's key is a tool's name, in which `*` stands for anything ("outlook__*"), or name and pattern: "exec:git status"
 * is about the tool's main argument, "message:target=+1555*" about the one named. A pattern is the whole value, `*`
 * stands for anything. Of the rules that fit, those with a pattern count first, then exact names; of equals the
 * strictest.
 */
export function toolRule(
  use: ToolUse,
  { rules, places }: { readonly rules: Readonly<Record<string, ToolRule>>; readonly places: ToolPlaces },
): ToolRule {
  const fitting = Object.entries(rules)
    .map(([key, rule]) => ({ rule, rank: closeness(key, rule, use) }))
    .filter(({ rank }) => rank > 0);
  const best = Math.max(...fitting.map(({ rank }) => rank), 0);
  const said = fitting.filter(({ rank }) => rank === best).map(({ rule }) => rule);
  for (const rule of ["deny", "ask", "allow"] as const) if (said.includes(rule)) return rule;
  return isSensitive(use, places) ? "ask" : "allow";
}

/** How closely a rule is about this use: 3 with its arguments, 2 by its name, 1 by a part of its name, 0 not at all. */
function closeness(key: string, rule: ToolRule, use: ToolUse): 0 | 1 | 2 | 3 {
  const colon = key.indexOf(":");
  const [wanted, pattern] = colon < 0 ? [key, undefined] : [key.slice(0, colon), key.slice(colon + 1)];
  const tool = nameOf(use.tool);
  if (!matches(nameOf(wanted), tool)) return 0;
  if (pattern === undefined) return wanted.includes("*") ? 1 : 2;
  const [, argument = MAIN_ARGUMENT.get(tool), glob = pattern] = /^([a-z_]\w*)=(.*)$/is.exec(pattern) ?? [];
  const value = argument === undefined ? undefined : use.params[argument];
  const text =
    argument === undefined
      ? JSON.stringify(use.params)
      : typeof value === "object" || value === undefined
        ? undefined
        : String(value);
  if (text === undefined) return 0;
  if (rule !== "allow") return matches(glob.toLowerCase(), text.toLowerCase()) ? 3 : 0;
  return matches(glob, text) && isAllThereIs(use, glob, text) ? 3 : 0;
}

/** Whether what `*` stood for cannot reach beyond what the owner meant. */
function isAllThereIs({ kind, params, tool }: ToolUse, glob: string, text: string): boolean {
  if (kind !== undefined) return false;
  if (nameOf(tool) === "exec" && Object.keys(params).some((name) => !COMMAND_ARGUMENTS.has(name)))
    return false;
  if (!glob.includes("*")) return true;
  if (nameOf(tool) === "exec") return !SHELL_OPERATORS.test(text);
  return !text.split(/[\\/]/).includes("..");
}

/** What may stand beside a command without changing what it is. */
const COMMAND_ARGUMENTS: ReadonlySet<string> = new Set([
  ...["title", "command", "workdir", "yieldMs", "background", "timeoutSeconds", "pty"],
]);
const SHELL_OPERATORS = /[;&|<>`$(){}\p{Cc}]/u;

function nameOf(tool: string): string {
  const name = tool.trim().toLowerCase();
  return ALIASES.get(name) ?? name;
}

/** The whole text; `*` stands for anything. */
function matches(glob: string, text: string): boolean {
  const [first = "", ...others] = glob.split("*");
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function isHarmlessExec(params: Params, { packageFolder, node }: ToolPlaces): boolean {
  const { command, workdir } = params;
  const others = Object.keys(params).filter(
    (name) => !["title", "command", "workdir", "yieldMs", "timeoutSeconds"].includes(name),
  );
  if (others.length > 0 || typeof command !== "string" || packageFolder === undefined) return false;
  return isHarmlessCommand(command, {
    folder: typeof workdir === "string" && isAbsolute(workdir) ? workdir : undefined,
    packageFolder,
    node,
  });
}

/** To the owner's own phone, with nothing but words. */
function isMessageToOwner(params: Params, { ownerNumbers }: ToolPlaces): boolean {
  const { action, channel, target, to } = params;
  const others = Object.keys(params).filter(
    (name) => !["action", "channel", "target", "to", "message", "accountId"].includes(name),
  );
  const numbers = [target, to].filter((number) => number !== undefined);
  return (
    others.length === 0 &&
    action === "send" &&
    channel === "phone" &&
    numbers.length > 0 &&
    numbers.every(
      (number) => typeof number === "string" && isOneOf(ownerNumbers, number.replace(/^phone:/, "")),
    )
  );
}

function isOneOf(numbers: readonly string[], number: unknown): boolean {
  return typeof number === "string" && numbers.includes(number);
}

/** Files the agent is led by: who writes them acts later, when nobody is asked. */
const LEADING_FILES: ReadonlySet<string> = new Set(
  ["agents", "soul", "tools", "identity", "user", "heartbeat", "boot", "bootstrap", "skill"].map(
    (name) => `${name}.md`,
  ),
);
/** What Windows calls a file besides its name: "HEARTB~1.MD". */
const SHORT_NAME = /~\d/;
const NOTE = /\.(?:md|txt|csv)$/;
/** Folders of the workspace whose files are run or followed. */
const LED_FOLDERS: ReadonlySet<string> = new Set(["skills", "hooks", "node_modules"]);
const FILE_ARGUMENTS: ReadonlySet<string> = new Set(["path", "content", "edits", "oldText", "newText"]);

/** A text file in the workspace that nothing is run by, nor the agent led. */
function isNote(params: Params, { workspace, realPath }: ToolPlaces): boolean {
  const { path } = params;
  if (workspace === undefined || typeof path !== "string" || path.startsWith("~")) return false;
  if (Object.keys(params).some((name) => !FILE_ARGUMENTS.has(name))) return false;
  const root = realPath(workspace);
  const file = root === undefined ? undefined : withLinksFollowed(resolve(root, path), realPath);
  if (root === undefined || file === undefined) return false;
  const inside = relative(root, file);
  if (isAbsolute(inside)) return false;
  // As a file system that knows no difference of case and form would find it.
  const segments = inside.normalize("NFKC").toLowerCase().split(/[\\/]/);
  const [first = "", name = ""] = [segments[0], segments.at(-1)];
  return (
    segments.every((segment) => segment !== "" && !segment.startsWith(".") && !SHORT_NAME.test(segment)) &&
    NOTE.test(name) &&
    !LEADING_FILES.has(name) &&
    !LED_FOLDERS.has(first)
  );
}

/** The path as it would be once it is written: links followed as far as there is anything. */
function withLinksFollowed(path: string, realPath: ToolPlaces["realPath"]): string | undefined {
  const known = realPath(path);
  if (known !== undefined) return known;
  const parent = resolve(path, "..");
  if (parent === path) return undefined;
  const above = withLinksFollowed(parent, realPath);
  return above === undefined ? undefined : join(above, relative(parent, path));
}

/** Where keys and passwords are kept. */
const SECRET_PLACE =
  /(?:^|[\\/])(?:\.env(?:[.\w-]*)|\.ssh|\.gnupg|\.aws|\.azure|\.kube|\.docker|\.netrc|\.npmrc|\.pypirc|\.git-credentials|openclaw\.json\w*|clawdbot\.json|auth-profiles?\.json|skill-config\.json|[^\\/]*credentials?[^\\/]*|id_(?:rsa|ed25519|ecdsa)|shadow|[^\\/]+\.(?:pem|key|p12|pfx|keychain))(?:[\\/]|$)/i;

const isText = (value: unknown) => typeof value === "string";

function namesASecret(path: unknown): boolean {
  return path !== undefined && (typeof path !== "string" || SECRET_PLACE.test(path) || PROCESS.test(path));
}

/** The environment of what runs on this machine holds keys. */
const PROCESS = /(?:^|[\\/])proc[\\/].*(?:environ|cmdline|fd|mem|root|cwd)/i;
