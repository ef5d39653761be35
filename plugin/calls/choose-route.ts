/**
 * Owns which line a call or a text goes over: the first one that can, in the configured order; and the words for which
 * it is and why, or why there is none.
 */
import { CarrierError, CarrierRefused } from "../carriers/carrier-errors.ts";
import { chooseLine, isUsable, type UsableLine, whyNotUsable } from "../config/choose-line.ts";
import type { E164 } from "../config/phone-number.ts";
import { type CarrierName, carriers, type LineConfig, type SwitchboardConfig } from "../config/schema.ts";
import {
  type Ability,
  callsOf,
  isMainlandMobile,
  type LineAccount,
  type LineCalls,
  NO_MAINLAND_MOBILE,
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
  /** Undefined: the owner, on the phone that the carrier has on record. */
  readonly to: E164 | undefined;
  /** For people: "clawcall: the first line that can call others". */
  readonly why: string;
}

/** No line can do it. The message is for people: each line, why not, and what to do. */
export class NoRoute extends Error {
  override readonly name = "NoRoute";
}

/** The line and the carrier that were named are not each other's. The message is for people. */
export class RouteContradicted extends Error {
  override readonly name = "RouteContradicted";
}

/** Why a line is passed over; the remedy as in {@link Ability}. */
interface Refusal {
  readonly because: string;
  readonly remedy?: string;
  /** Whatever its account: with another line mended, nobody needs to look for another service. */
  readonly isForGood?: boolean;
}

/**
 * What is known without asking is looked at first; then each account is asked in turn, until one can.
 *
 * @param using.open makes a line's calls; by default those of its service.
 * @throws RouteContradicted when the line that is named is not of the carrier that is named.
 * @throws NoSuchLine, NoUsableLine when there is no line of that name or carrier, or none that is enabled and has a key.
 * @throws NoRoute
 * @throws CarrierError when the only line left cannot be asked.
 */
export async function chooseRoute(
  wish: Wish,
  using: {
    readonly config: Pick<SwitchboardConfig, "lines" | "ownerName" | "agentName" | "ownerNumbers">;
    readonly open?: (line: UsableLine) => Promise<LineCalls>;
  },
): Promise<Route> {
  const { config, open = (line) => callsOf(line, config) } = using;
  refuseContradiction(wish, config.lines);
  // Says in its own words what is wrong with a name, and when there is nothing to choose from.
  chooseLine(config, wish.line, wish.carrier === undefined ? undefined : [wish.carrier]);

  const refusals = new Map<LineConfig, Refusal>();
  const candidates: UsableLine[] = [];
  for (const line of config.lines) {
    if (wish.line !== undefined && line.name !== wish.line) continue;
    if (wish.carrier !== undefined && line.carrier !== wish.carrier) continue;
    const refusal = isUsable(line)
      ? outOfReach(line.carrier, wish, config)
      : { because: `it ${whyNotUsable(line)}` };
    if (refusal !== undefined) refusals.set(line, refusal);
    else if (isUsable(line)) candidates.push(line);
  }

  const passedOver: string[] = [];
  for (const line of inOrder(candidates, wish)) {
    const calls = await open(line);
    const ability = await askedOf(calls, { wish, line, isOnly: candidates.length === 1 });
    if (ability.can) {
      const why = [`${line.name}: ${reasonFor(line, wish)}`, ...passedOver].join("; not ");
      return { line, calls, to: numberOn(line.carrier, wish, config), why };
    }
    refusals.set(line, ability);
    passedOver.push(`${line.name}, since ${ability.because}`);
  }
  // In the order of the configuration, as people know it.
  throw new NoRoute(refusedBy(config.lines, refusals, wish));
}

/** @throws RouteContradicted */
function refuseContradiction({ line, carrier }: Wish, lines: readonly LineConfig[]): void {
  const named = lines.find(({ name }) => name === line);
  if (named === undefined || carrier === undefined || named.carrier === carrier) return;
  throw new RouteContradicted(
    `The line "${named.name}" and the carrier "${carrier}" contradict each other, since that line is ${carriers[named.carrier].title}'s: name one of them only.`,
  );
}

/** The number to call on this carrier: one that has no phone of the owner's on record is told one of their numbers. */
function numberOn(
  carrier: CarrierName,
  { what, to }: Wish,
  { ownerNumbers }: Pick<SwitchboardConfig, "ownerNumbers">,
): E164 | undefined {
  return to ?? (what === "call" && carrier === "stepone" ? ownerNumbers.find(isMainlandMobile) : undefined);
}

/** Why no line of this carrier can do it, whatever its account; undefined when one can. */
function outOfReach(
  carrier: CarrierName,
  wish: Wish,
  config: Pick<SwitchboardConfig, "ownerNumbers">,
): Refusal | undefined {
  const { title } = carriers[carrier];
  const reach = reachOf(carrier);
  if (wish.what === "text") return reach.texts ? undefined : { ...noTexts(title), isForGood: true };
  if (!(wish.isToOwner ? reach.owner : reach.others)) return { because: `${title} has no such calls` };
  if (carrier !== "stepone") return undefined;
  const to = numberOn(carrier, wish, config);
  if (to === undefined) return { ...NO_MAINLAND_MOBILE, isForGood: true };
  if (isMainlandMobile(to)) return undefined;
  return {
    because: "StepOne calls mobile numbers of mainland China alone",
    remedy: "call it over a line of ClawdTalk or ClawCall",
    isForGood: true,
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
  { wish, line, isOnly }: { readonly wish: Wish; readonly line: UsableLine; readonly isOnly: boolean },
): Promise<{ readonly can: true } | ({ readonly can: false } & Refusal)> {
  try {
    return abilityOf(await calls.account(), wish);
  } catch (error) {
    if (!(error instanceof CarrierError) || isOnly) throw error;
    return { can: false, ...troubleOf(error, line) };
  }
}

/** Why an account could not be asked, as a clause; what to do stands apart from it. */
function troubleOf(error: CarrierError, { name }: UsableLine): Refusal {
  const clause = error.message.replace(/[.\s]+$/, "").replace(/\.\s+/g, "; ");
  // What its sentence says to do would be said twice.
  const because = clause.split(": ")[0] ?? clause;
  if (!(error instanceof CarrierRefused) || error.isTransient) return { because, remedy: "try again later" };
  if (error.status === 401) return { because, remedy: `correct the key of the line "${name}"` };
  return { because: clause };
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
  // Another service is looked for when nothing here can be mended.
  const mendable = told.filter(({ isForGood, remedy }) => isForGood !== true && remedy !== undefined);
  const remedies = new Set((mendable.length > 0 ? mendable : told).flatMap(({ remedy }) => remedy ?? []));
  const whoCannot =
    wish.line === undefined ? `No ${titleIn(wish)}line can` : `The line "${wish.line}" cannot`;
  const whatToDo = remedies.size === 0 ? "" : `: ${[...remedies].join("; or ")}`;
  return `${whoCannot} ${deed(wish, wish.to ?? "others")} (${because.join("; ")})${whatToDo}.`;
}

/** "ClawCall " when only its lines were asked for. */
function titleIn({ carrier }: Wish): string {
  return carrier === undefined ? "" : `${carriers[carrier].title} `;
}

function deed({ what, isToOwner }: Wish, others: string): string {
  const whom = isToOwner ? "the owner" : others;
  return what === "call" ? `call ${whom}` : `send texts to ${whom}`;
}
