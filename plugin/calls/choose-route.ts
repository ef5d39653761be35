/**
 * Owns which line a call or a text goes over: the first one that can, in the configured order; and the words for which
 * it is and why, or why there is none.
 */
import { CarrierError } from "../carriers/carrier-errors.ts";
import { chooseLine, isUsable, type UsableLine } from "../config/choose-line.ts";
import type { E164 } from "../config/phone-number.ts";
import { type CarrierName, carriers, type LineConfig, type SwitchboardConfig } from "../config/schema.ts";
import {
  type Ability,
  callsOf,
  type LineAccount,
  type LineCalls,
  noTexts,
  reachOf,
} from "../lines/line-calls.ts";

/** What is to be done. */
export interface Wish {
  readonly what: "call" | "text";
  /** Undefined: the owner, on the phone that the carrier has on record. */
  readonly to: E164 | undefined;
  readonly isToOwner: boolean;
  /** Over a line of this carrier only. */
  readonly carrier?: CarrierName | undefined;
  /** Over this line only. */
  readonly line?: string | undefined;
}

export interface Route {
  readonly line: UsableLine;
  readonly calls: LineCalls;
  /** For people: "clawcall: the first line that can call others". */
  readonly why: string;
}

/** No line can do it. The message is for people: each line, why not, and what to do. */
export class NoRoute extends Error {
  override readonly name = "NoRoute";
}

/** Why a line is passed over; the remedy as in {@link Ability}. */
interface Refusal {
  readonly because: string;
  readonly remedy?: string;
}

/**
 * What is known without asking is looked at first; then each account is asked in turn, until one can.
 *
 * @param using.open makes a line's calls; by default those of its service.
 * @throws NoUsableLine when there is no line of that name or carrier, or none that is enabled and has a key.
 * @throws NoRoute
 * @throws CarrierError when the only line left cannot be asked.
 */
export async function chooseRoute(
  wish: Wish,
  using: {
    readonly config: Pick<SwitchboardConfig, "lines" | "ownerName" | "agentName">;
    readonly open?: (line: UsableLine) => Promise<LineCalls>;
  },
): Promise<Route> {
  const { config, open = (line) => callsOf(line, config) } = using;
  // Says in its own words what is wrong with a name, and when there is nothing to choose from.
  chooseLine(config, wish.line, wish.carrier === undefined ? undefined : [wish.carrier]);

  const refusals = new Map<LineConfig, Refusal>();
  const candidates: UsableLine[] = [];
  for (const line of config.lines) {
    if (wish.line !== undefined && line.name !== wish.line) continue;
    if (wish.carrier !== undefined && line.carrier !== wish.carrier) continue;
    const refusal = isUsable(line) ? outOfReach(line.carrier, wish) : notUsable(line);
    if (refusal !== undefined) refusals.set(line, refusal);
    else if (isUsable(line)) candidates.push(line);
  }

  const passedOver: string[] = [];
  for (const line of inOrder(candidates, wish)) {
    const calls = await open(line);
    const ability = await askedOf(calls, { wish, isOnly: candidates.length === 1 });
    if (ability.can) {
      const why = [`${line.name}: ${reasonFor(line, wish)}`, ...passedOver].join("; not ");
      return { line, calls, why };
    }
    refusals.set(line, ability);
    passedOver.push(`${line.name}, since ${ability.because}`);
  }
  // In the order of the configuration, as people know it.
  throw new NoRoute(refusedBy(config.lines, refusals, wish));
}

function notUsable(line: LineConfig): Refusal {
  return { because: line.enabled ? "it has no key" : "it is not enabled" };
}

/** StepOne calls mobile numbers of mainland China, and nobody else (wire page). */
const STEPONE_NUMBER = /^\+861[3-9]\d{9}$/;

/** Why no line of this carrier can do it, whatever its account; undefined when one can. */
function outOfReach(carrier: CarrierName, { what, to, isToOwner }: Wish): Refusal | undefined {
  const { title } = carriers[carrier];
  const reach = reachOf(carrier);
  if (what === "text") return reach.texts ? undefined : noTexts(title);
  if (!(isToOwner ? reach.owner : reach.others)) return { because: `${title} has no such calls` };
  if (carrier !== "stepone") return undefined;
  if (to === undefined) {
    return { because: "StepOne has no number of yours on record", remedy: "name the number to call" };
  }
  if (STEPONE_NUMBER.test(to)) return undefined;
  return {
    because: "StepOne calls mobile numbers of mainland China alone",
    remedy: "call it over a line of ClawdTalk or ClawCall",
  };
}

/** StepOne is made for the numbers it calls; for the owner, lines on which our own agent speaks come before it. */
function inOrder(lines: readonly UsableLine[], { isToOwner }: Wish): readonly UsableLine[] {
  const isStepOne = ({ carrier }: UsableLine) => carrier === "stepone";
  const stepOne = lines.filter(isStepOne);
  const others = lines.filter((line) => !isStepOne(line));
  return isToOwner ? [...others, ...stepOne] : [...stepOne, ...others];
}

/** @throws CarrierError when the only line cannot be asked: its own sentence says best what to do. */
async function askedOf(
  calls: LineCalls,
  { wish, isOnly }: { readonly wish: Wish; readonly isOnly: boolean },
): Promise<{ readonly can: true } | ({ readonly can: false } & Refusal)> {
  try {
    return abilityOf(await calls.account(), wish);
  } catch (error) {
    if (!(error instanceof CarrierError) || isOnly) throw error;
    return { can: false, because: error.message.replace(/\.$/, "") };
  }
}

function abilityOf(account: LineAccount, { what, isToOwner }: Wish): Ability {
  if (what === "text") return account.texts;
  return isToOwner ? account.callsOwner : account.callsOthers;
}

function reasonFor({ carrier }: UsableLine, wish: Wish): string {
  if (wish.line !== undefined) return "the line that was named";
  if (carrier === "stepone" && !wish.isToOwner) return "made for mobile numbers of mainland China";
  return `the first ${titleIn(wish)}line that can ${deed(wish, "others")}`;
}

function refusedBy(
  lines: readonly LineConfig[],
  refusals: ReadonlyMap<LineConfig, Refusal>,
  wish: Wish,
): string {
  const told = lines.flatMap((line) => {
    const refusal = refusals.get(line);
    return refusal === undefined ? [] : { ...refusal, name: line.name };
  });
  const because = told.map(({ name, because }) =>
    wish.line === undefined ? `${name}: ${because}` : because,
  );
  const remedies = new Set(told.flatMap(({ remedy }) => remedy ?? []));
  const whoCannot =
    wish.line === undefined ? `No ${titleIn(wish)}line can` : `The line "${wish.line}" cannot`;
  const whatToDo = remedies.size === 0 ? "try again later" : [...remedies].join("; or ");
  return `${whoCannot} ${deed(wish, wish.to ?? "others")} (${because.join("; ")}): ${whatToDo}.`;
}

/** "ClawCall " when only its lines were asked for. */
function titleIn({ carrier }: Wish): string {
  return carrier === undefined ? "" : `${carriers[carrier].title} `;
}

function deed({ what, isToOwner }: Wish, others: string): string {
  const whom = isToOwner ? "the owner" : others;
  return what === "call" ? `call ${whom}` : `send texts to ${whom}`;
}
