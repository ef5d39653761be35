/**
 * Owns what the agent's own files say of names: its owner's in USER.md, its own in IDENTITY.md. They are written by people
 * and by agents, for a model to read: what is taken from them is cleaned, and used only when the owner says so.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { isObject, type JsonObject, objectAt } from "../config/gateway-config.ts";
import { expandHome } from "../config/state-folder.ts";

export interface FoundNames {
  readonly ownerName?: string;
  readonly agentName?: string;
}

/** Where the default agent's files lie. */
export function workspaceFolder(
  gatewayConfig: JsonObject,
  { stateFolder, home }: { readonly stateFolder: string; readonly home: string },
): string {
  const { list } = objectAt(gatewayConfig, "agents");
  const agents = Array.isArray(list) ? list.filter(isObject) : [];
  const agent = agents.find((one) => one.default === true) ?? agents[0];
  const named = [agent?.workspace, objectAt(gatewayConfig, "agents", "defaults").workspace].find(
    (folder) => typeof folder === "string" && folder.trim() !== "",
  );
  return typeof named === "string"
    ? path.resolve(expandHome(named.trim(), home))
    : path.join(stateFolder, "workspace");
}

/** Never throws: what is not there, or not filled in, is not found. */
export function findNames(workspace: string): FoundNames {
  const ownerName = nameIn(textOf(path.join(workspace, "USER.md")), OWNER_LABELS);
  const agentName = nameIn(textOf(path.join(workspace, "IDENTITY.md")), AGENT_LABELS);
  return {
    ...(ownerName === undefined ? {} : { ownerName }),
    ...(agentName === undefined ? {} : { agentName }),
  };
}

/** The first that is filled in counts: how somebody wants to be called, before their name in full. */
const OWNER_LABELS = ["What to call them", "Preferred name", "Call them", "Name", "称呼", "姓名", "名字"];
const AGENT_LABELS = ["Name", "名字", "姓名"];

/** @param labels as in "- **Name:** Robin". */
export function nameIn(text: string, labels: readonly string[]): string | undefined {
  const lines = text.normalize("NFC").split(/\r\n|[\n\r\u2028\u2029]/);
  for (const label of labels) {
    for (const [index, line] of lines.entries()) {
      const plain = withoutMarkup(line);
      const [, written, value] = /^([^:：]{1,40})[:：](.*)$/u.exec(plain) ?? [];
      if (written?.trim().toLowerCase() !== label.toLowerCase()) continue;
      // The template's value stands on the line below the label.
      const given = value?.trim() || withoutMarkup(lines[index + 1] ?? "", { isValue: true });
      const name = cleanName(given);
      if (name !== undefined) return name;
    }
  }
  return undefined;
}

/** Longer is no name to be said on the phone. */
const LONGEST_NAME = 40;

/**
 * A name as it can be said and shown: letters of any script, marks, digits, blanks and what stands in names; undefined
 * when that is not all of it, or when it is a sample's.
 */
export function cleanName(written: string): string | undefined {
  const name = withoutMarkup(written, { isValue: true })
    .replace(/\p{Cf}|\p{Cc}/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  if (name === "" || [...name].length > LONGEST_NAME) return undefined;
  if (!/^[\p{L}\p{M}\p{N} .,'’·・-]+$/u.test(name) || !/\p{L}/u.test(name)) return undefined;
  return NO_NAME.test(name) ? undefined : name;
}

const NO_NAME = /^(?:unknown|none|n\/?a|tbd|todo|your name|name|not set|pick something.*|未知|无|待定)$/iu;

/** A line of Markdown as text: without its list mark, emphasis, code marks and comments. */
function withoutMarkup(line: string, { isValue = false }: { readonly isValue?: boolean } = {}): string {
  // A new label is no value of the one before.
  if (isValue && /^\s*(?:[-*+]\s|#)/.test(line)) return "";
  return line
    .replace(/<!--.*?-->/g, "")
    .replace(/^\s*(?:[-*+]|\d+\.)\s+/, "")
    .replace(/[*_`]+/g, "")
    .trim();
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
