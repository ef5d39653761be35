/**
 * Owns the decision who speaks on a call: from what the carrier says of the call and what we wrote down before we
 * placed it, never from words. What cannot be told is a stranger's or nobody's, never the owner's.
 *
 * | fact | tier |
 * |---|---|
 * | we placed the call, to the owner | owner |
 * | we placed the call, to another number | stranger |
 * | the carrier says outbound, and we did not place it | stranger |
 * | the carrier says inbound | the line's `inboundCallers`: owner (the service is said to check a PIN) or unknown |
 * | nobody can say the direction | stranger |
 *
 * Where the carrier keeps records of its calls and its events say nothing of a call (ClawCall: on a dedicated number
 * anyone who dials gets through), the record decides instead:
 *
 * | record | tier |
 * |---|---|
 * | a call to a third party | stranger |
 * | an outbound callback or scheduled call, which ring the registered phone | owner |
 * | inbound, from exactly one of the owner's numbers | the line's `inboundCallers` |
 * | anything else, no record, or one that says the call is over | unknown |
 */
import type { CallDirection, CallPurpose, CallRecord } from "../carriers/carrier.ts";
import { isOneOf } from "../config/phone-number.ts";
import type { KnownCall } from "../store/calls.ts";
import type { IdentityStrength } from "./identity.ts";
import type { SpeakerSession } from "./sessions.ts";
import { strangerSession } from "./sessions.ts";

/** What was written down of a call, by this process or another one. */
export type WrittenCall = Pick<
  KnownCall,
  "direction" | "placedHere" | "callee" | "purpose" | "greeting" | "context" | "state"
>;

export interface SpeakerFacts {
  readonly line: string;
  readonly inboundCallers: "owner" | "unknown";
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
    if (!isOwners(call.callee, facts.ownerNumbers)) return stranger(callId, facts, call);
    // Whoever names an ended call is not on it.
    if (call.state === "ended") return { tier: "unknown" };
    return { tier: "owner", session: facts.ownerSession(), strength: "dialled", call };
  }
  if (asked !== undefined) return identifyByRecord(await asked, callId, call, facts);
  const known = direction ?? call?.direction ?? (await askDirectionWithPatience(callId, facts));
  if (known !== "inbound") return stranger(callId, facts, undefined);
  if (facts.inboundCallers === "unknown") return { tier: "unknown" };
  return { tier: "owner", session: facts.ownerSession(), strength: "pin (vendor's word)", call };
}

function identifyByRecord(
  record: CallRecord | undefined,
  callId: string,
  written: WrittenCall | undefined,
  facts: SpeakerFacts,
): CallIdentity {
  const recordedAs = record?.purpose;
  const said = { recordedAs, direction: record?.direction };
  const owner = { tier: "owner", session: facts.ownerSession(), call: undefined, ...said } as const;
  if (recordedAs === "thirdParty") return { ...stranger(callId, facts, written), ...said };
  // Whoever names an ended call is not on it.
  if (record?.isOver || written?.state === "ended") return { tier: "unknown" };
  if (record?.direction === "outbound") {
    const isRegisteredPhone = recordedAs === "callback" || recordedAs === "briefing";
    return isRegisteredPhone ? { ...owner, strength: "dialled" } : { tier: "unknown" };
  }
  if (record?.direction !== "inbound" || facts.inboundCallers === "unknown") return { tier: "unknown" };
  const isOwnersNumber = isOneOf(record.from, facts.ownerNumbers);
  return isOwnersNumber ? { ...owner, strength: "caller id" } : { tier: "unknown" };
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

function stranger(
  callId: string,
  facts: SpeakerFacts,
  call: WrittenCall | undefined,
): CallIdentity & { readonly tier: "stranger" | "owner" } {
  return {
    tier: "stranger",
    session: strangerSession(facts.ownerSession().agentId, facts.line, callId),
    strength: "none",
    call,
  };
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
