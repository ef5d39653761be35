/**
 * Owns which of the gateway's slash commands the owner may give by text. A number can be faked, and commands go past the
 * gate before tools: `! …` runs a shell, `/config`, `/mcp`, `/plugins` and `/model … -g` change the gateway, `/elevated` and
 * `/exec` weaken its own approvals (tried, on a gateway that lists the number as its owner's). Only what shows something, or begins a session anew, is taken; what the gateway learns later is
 * not until it stands here.
 */

/** What may stand behind each command; nothing unless it is said. The gateway finds orders in the words behind one, too. */
const TAKEN: ReadonlyMap<string, readonly string[]> = new Map([
  ["help", []],
  ["commands", []],
  ["status", []],
  ["whoami", []],
  ["id", []],
  ["tools", ["compact", "verbose"]],
  ["tasks", []],
  ["context", ["list"]],
  ["new", []],
  ["reset", ["soft"]],
  ["compact", []],
  ["stop", []],
  ["abort", []],
]);

/** "/status" is a command, "/home/sam/list.txt" and "and/or" are not. */
const COMMAND = /^\s*\/([a-z][\w-]*)(?=[\s:]|$)[\s:]*([\s\S]*)$/i;

/**
 * What a text from the owner is to the gateway: "taken" is carried out, "refused" is a command that is not, and "words" are
 * for the agent, with nothing in them that the gateway may take for a command.
 *
 * @param isStop whether the gateway takes words without a sign of a command for "/stop" ("stop", "停止").
 */
export function textCommand(body: string, isStop: (body: string) => boolean): "words" | "taken" | "refused" {
  const [, name, rest = ""] = COMMAND.exec(body) ?? [];
  if (name === undefined) return !/[/!]/.test(body) && isStop(body) ? "taken" : "words";
  const allowed = TAKEN.get(name.toLowerCase());
  const behind = rest.trim().toLowerCase();
  return allowed !== undefined && (behind === "" || allowed.includes(behind)) ? "taken" : "refused";
}

/** What a command that is not taken is answered with. */
export const COMMAND_REFUSED =
  "This command is not taken by text, since a number can be faked. Use the Control UI, or openclaw on your computer. By text work: /status, /help, /new, /reset, /compact, /stop.";
