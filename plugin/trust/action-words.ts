/** Owns how a use of a tool is written down: for the owner who decides on it, and as what makes it exactly this one. */
import { createHash } from "node:crypto";
import { withoutSecrets } from "../config/redaction.ts";
import type { ToolUse } from "./tool-table.ts";

const TITLES: ReadonlyMap<string, string> = new Map([
  ["exec", "Run a command"],
  ["write", "Write a file"],
  ["edit", "Change a file"],
  ["apply_patch", "Change files"],
  ["message", "Send a message"],
  ["phone_call", "Call somebody"],
  ["automations", "Change what runs at set times"],
  ["gateway", "Change the gateway"],
  ["browser", "Use the browser"],
  ["sessions_send", "Send words to another session"],
  ["sessions_spawn", "Start another agent"],
]);
const TITLE_LIMIT = 80;
const DETAILS_LIMIT = 480;

/** One line, such as "Run a command". */
export function titleOf({ tool }: ToolUse): string {
  return TITLES.get(tool) ?? visible(`Use the tool "${tool}"`).slice(0, TITLE_LIMIT);
}

/**
 * The arguments, one on each line, without secrets, and with everything that cannot be seen written out. The middle of
 * what is too long is left out, and it says so. A label that the model wrote itself is not shown: it may say anything.
 */
export function detailsOf({ tool, params }: ToolUse, secrets: readonly string[]): string {
  const lines = Object.entries(params)
    .filter(([name]) => !(tool === "exec" && name === "title"))
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  const text = visible(withoutSecrets(lines.join("\n"), secrets));
  if (text.length <= DETAILS_LIMIT) return text;
  const end = Math.floor(DETAILS_LIMIT / 2) - 30;
  return `${text.slice(0, end)}\n[${text.length - 2 * end} characters left out here]\n${text.slice(-end)}`;
}

/** The same for the same tool with the same arguments, in whatever order they stand. */
export function fingerprintOf({ tool, kind, params }: ToolUse): string {
  return createHash("sha256")
    .update(JSON.stringify([tool, kind ?? null, inOrder(params)]))
    .digest("hex");
}

/** Every value among the arguments, as text. */
export function valuesOf(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value === "object") return Object.values(value).flatMap(valuesOf);
  return [String(value)];
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, entry]) => [name, inOrder(entry)]);
}

/** Characters that hide or turn around what stands beside them are written as their code points. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/gu,
    (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`,
  );
}
