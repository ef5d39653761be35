/**
 * Owns reading what ClawdTalk's own health endpoints answer (wire page: `GET /doctor/critical|warnings|recommended|infra`,
 * "when offered"). No shape of an answer is known, so every usual one is taken: a list, or an object with one, of
 * sentences or of objects that name a state and say something.
 */
import { isObject } from "../../config/gateway-config.ts";

/** What can be asked for, from what matters most to what matters least. */
export const serviceDoctorKinds = ["critical", "warnings", "infra", "recommended"] as const;

export type ServiceDoctorKind = (typeof serviceDoctorKinds)[number];

export interface ServiceDoctorAnswer {
  /** What is not as it should be, in the service's words. Outside words. */
  readonly troubles: readonly string[];
  /** False: the answer is of a kind nobody here knows. */
  readonly isUnderstood: boolean;
}

const STATES = ["status", "state", "severity", "level", "result"];
const GOOD_FLAGS = ["ok", "passed", "pass", "healthy", "success", "resolved"];
const GOOD_STATES =
  /^(?:ok|okay|pass(?:ed)?|good|green|healthy|operational|success(?:ful)?|up|fine|none|connected|active)$/i;
const WORDS = [
  "message",
  "detail",
  "details",
  "description",
  "title",
  "summary",
  "reason",
  "name",
  "check",
  "id",
];

/** Never throws. */
export function serviceDoctorAnswer(answer: unknown): ServiceDoctorAnswer {
  const list = listIn(answer);
  if (list !== undefined) {
    return { troubles: list.flatMap((item) => troubleIn(item) ?? []), isUnderstood: list.every(isReadable) };
  }
  const state = stateOf(answer);
  if (state === undefined) return { troubles: [], isUnderstood: false };
  return { troubles: state === "good" ? [] : [wordsOf(answer) ?? "no reason was given"], isUnderstood: true };
}

/** The answer's list: itself, or the first one in it, at most two objects deep. */
function listIn(answer: unknown, depth = 0): readonly unknown[] | undefined {
  if (Array.isArray(answer)) return answer;
  if (!isObject(answer) || depth > 1) return undefined;
  for (const value of Object.values(answer)) {
    const list = listIn(value, depth + 1);
    if (list !== undefined) return list;
  }
  return undefined;
}

function isReadable(item: unknown): boolean {
  return typeof item === "string" || wordsOf(item) !== undefined;
}

/** What an item complains of; undefined when it says that all is well. One without a state is a complaint. */
function troubleIn(item: unknown): string | undefined {
  if (typeof item === "string") return item;
  return stateOf(item) === "good" ? undefined : wordsOf(item);
}

function stateOf(item: unknown): "good" | "bad" | undefined {
  if (!isObject(item)) return undefined;
  const flag = GOOD_FLAGS.map((name) => item[name]).find((value) => typeof value === "boolean");
  if (flag !== undefined) return flag ? "good" : "bad";
  const state = STATES.map((name) => item[name]).find((value) => typeof value === "string");
  if (state === undefined) return undefined;
  return GOOD_STATES.test(state) ? "good" : "bad";
}

function wordsOf(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  return WORDS.map((name) => item[name]).find((value) => typeof value === "string" && value.trim() !== "") as
    | string
    | undefined;
}
