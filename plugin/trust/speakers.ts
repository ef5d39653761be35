/**
 * Owns the decision by which way somebody came to speak: from what the carrier says of a call or text and what we wrote
 * down before we placed a call, never from words. What they then are is the table's to say (`identity.ts`). What cannot
 * be told is a stranger's or nobody's, never the owner's.
 *
 * | fact of a call | way |
 * |---|---|
 * | we placed it, to the owner | calledOwner |
 * | we placed it, to another number | calledOther |
 * | the carrier says outbound, and we did not place it; nobody can say the direction | calledElsewhere |
 * | the carrier says inbound | callsIn |
 *
 * Where the carrier keeps records of its calls and its events say nothing of a call (ClawCall: on a dedicated number
 * anyone who dials gets through), the record decides instead:
 *
 * | record | way |
 * |---|---|
 * | a call to a third party | calledOther |
 * | an outbound callback or scheduled call, which ring the registered phone | calledOwner |
 * | inbound, from exactly one of the owner's numbers | callsIn |
 * | anything else, no record, or one that says the call is over | anyOther |
 */
import type { CallDirection, CallPurpose, CallRecord } from "../carriers/carrier.ts";
import { isOneOf } from "../config/phone-number.ts";
import type { LineConfig } from "../config/schema.ts";
import type { KnownCall } from "../store/calls.ts";
import { type IdentityStrength, speakerBy, type Way } from "./identity.ts";
import type { SpeakerSession } from "./sessions.ts";
import { strangerSession } from "./sessions.ts";

/** What was written down of a call, by this process or another one. */
export type WrittenCall = Pick<
  KnownCall,
  "direction" | "placedHere" | "callee" | "purpose" | "greeting" | "context" | "state"
>;

export interface SpeakerFacts {
  readonly line: Pick<LineConfig, "name" | "carrier" | "inboundCallers">;
  readonly ownerNumbers: readonly string[];
  ownerSession(): SpeakerSession;
  /** The call as written down, if it is. */
  writtenCall(callId: string): Promise<WrittenCall | undefined>;
  /** True while a call was asked for whose id the carrier has not told yet. */
  placingCall(): Promise<boolean>;
  /** Asks the carrier; undefined when it does not say. Never rejects. */
  askDirection(callId: string): Promise<CallDirection | undefined>;
  /**
   * Asks for the carrier's record of the call; undefined when there is none, or it could not be asked. Never rejects.
   * Missing where the carrier keeps none.
   */
  readonly askRecord?: ((callId: string) => Promise<CallRecord | undefined>) | undefined;
  /** Resolves after this time. */
  sleep(milliseconds: number): Promise<unknown>;
}

export type CallIdentity =
  | { readonly tier: "unknown" }
  | {
      readonly tier: "owner" | "stranger";
      readonly session: SpeakerSession;
      /** How sure it is. */
      readonly strength: IdentityStrength;
      readonly call: WrittenCall | undefined;
      /** What the carrier's record says of the call; undefined where there is none. */
      readonly direction?: CallDirection | undefined;
      readonly recordedAs?: CallPurpose | undefined;
    };

/** An event can be faster than the answer that names our own call: it waits this long for it. */
const PLACING_PATIENCE_MS = 3_000;
const PLACING_POLL_MS = 50;
/** The caller waits while the carrier is asked: no longer than this. */
const ASKING_PATIENCE_MS = 3_000;

/** Decides who speaks on `callId`. `direction` is what the carrier's events said so far. */
export async function identifyCall(
  callId: string,
  direction: CallDirection | undefined,
  facts: SpeakerFacts,
): Promise<CallIdentity> {
  const asked = facts.askRecord?.(callId);
  const call = await findCallWithPatience(callId, direction, facts);
  if (call?.placedHere) {
    if (!isOwners(call.callee, facts.ownerNumbers)) return speaker("calledOther", callId, facts, { call });
    // Whoever names an ended call is not on it.
    return speaker(call.state === "ended" ? "anyOther" : "calledOwner", callId, facts, { call });
  }
  if (asked !== undefined) return identifyByRecord(await asked, callId, call, facts);
  const known = direction ?? call?.direction ?? (await askDirectionWithPatience(callId, facts));
  if (known !== "inbound") return speaker("calledElsewhere", callId, facts, { call: undefined });
  return speaker("callsIn", callId, facts, { call });
}

function identifyByRecord(
  record: CallRecord | undefined,
  callId: string,
  written: WrittenCall | undefined,
  facts: SpeakerFacts,
): CallIdentity {
  const recordedAs = record?.purpose;
  const said = { recordedAs, direction: record?.direction };
  if (recordedAs === "thirdParty") return speaker("calledOther", callId, facts, { call: written, ...said });
  return speaker(wayOfRecord(record, written, facts), callId, facts, { call: undefined, ...said });
}

function wayOfRecord(
  record: CallRecord | undefined,
  written: WrittenCall | undefined,
  { ownerNumbers }: SpeakerFacts,
): Way {
  // Whoever names an ended call is not on it.
  if (record === undefined || record.isOver || written?.state === "ended") return "anyOther";
  if (record.direction === "outbound") {
    const isRegisteredPhone = record.purpose === "callback" || record.purpose === "briefing";
    return isRegisteredPhone ? "calledOwner" : "anyOther";
  }
  return record.direction === "inbound" && isOneOf(record.from, ownerNumbers) ? "callsIn" : "anyOther";
}

/** Who came this way, in which session they speak, and what is known of the call. */
function speaker(
  way: Way,
  callId: string,
  facts: SpeakerFacts,
  known: Pick<Extract<CallIdentity, { tier: "owner" | "stranger" }>, "call" | "direction" | "recordedAs">,
): CallIdentity {
  const { tier, strength } = speakerBy(way, facts.line);
  if (tier === "owner") return { tier, strength, session: facts.ownerSession(), ...known };
  if (tier !== "stranger") return { tier: "unknown" };
  const { agentId } = facts.ownerSession();
  return { tier, strength, session: strangerSession(agentId, facts.line.name, callId), ...known };
}

/** Who a text is from, if the channel lets its number write at all. */
export function identifyText(
  from: string,
  facts: Pick<SpeakerFacts, "line" | "ownerNumbers">,
): "owner" | "guest" | "unknown" {
  const { tier } = speakerBy(facts.ownerNumbers.includes(from) ? "ownersText" : "knownText", facts.line);
  return tier === "stranger" ? "unknown" : tier;
}

/** The direction as the carrier tells it; undefined when it does not, or not in time. */
async function askDirectionWithPatience(
  callId: string,
  { askDirection, sleep }: Pick<SpeakerFacts, "askDirection" | "sleep">,
): Promise<CallDirection | undefined> {
  return Promise.race([askDirection(callId), sleep(ASKING_PATIENCE_MS).then(() => undefined)]);
}

/** Whether a call we placed rings the owner: no number means the account's owner. */
export function isOwners(callee: string | null | undefined, ownerNumbers: readonly string[]): boolean {
  return callee === null || (callee !== undefined && ownerNumbers.includes(callee));
}

/** Whether the owner was on a call that is written down. */
export function wasOwners(
  call: Pick<KnownCall, "placedHere" | "callee" | "direction" | "recordedAs">,
  {
    line,
    ownerNumbers,
  }: Pick<SpeakerFacts, "ownerNumbers"> & { readonly line: SpeakerFacts["line"] | undefined },
): boolean {
  const { placedHere, callee, direction, recordedAs } = call;
  if (placedHere) return isOwners(callee, ownerNumbers);
  if (recordedAs !== undefined && recordedAs !== "conversation") return recordedAs !== "thirdParty";
  return direction === "inbound" && line !== undefined && speakerBy("callsIn", line).tier === "owner";
}

/**
 * The call as it is written down. While one of our own calls is being placed, its id is not known yet: an event
 * that may be about it waits a moment, unless the carrier says that this call came in.
 */
export async function findCallWithPatience(
  callId: string,
  direction: CallDirection | undefined,
  facts: Pick<SpeakerFacts, "writtenCall" | "placingCall" | "sleep">,
): Promise<WrittenCall | undefined> {
  for (let waitedMs = 0; ; waitedMs += PLACING_POLL_MS) {
    const call = await facts.writtenCall(callId);
    if (call?.placedHere || direction === "inbound") return call;
    if (waitedMs >= PLACING_PATIENCE_MS || !(await facts.placingCall())) return call;
    await facts.sleep(PLACING_POLL_MS);
  }
}
