/**
 * Owns the table of what tells, at each carrier, who is speaking, and how much that is worth: `speakers.ts` finds out by
 * which way somebody came to speak, and what they then are stands here and nowhere else. `references/trust.md` says it
 * at length.
 */
import type { CarrierName, LineConfig } from "../config/schema.ts";
import type { Tier } from "./sessions.ts";

/**
 * How sure it is who speaks.
 *
 * | strength | means |
 * |---|---|
 * | dialled | the owner's own number was rung: nobody else can pretend to be it, only pick it up |
 * | login | words from an app that is logged in to the account |
 * | pin (vendor's word) | the service says that it asks callers for a PIN; nothing it sends shows it |
 * | caller id | the number a call or text says it comes from; it can be forged |
 * | none | nothing |
 */
export type IdentityStrength = "dialled" | "login" | "pin (vendor's word)" | "caller id" | "none";

/** Whether nobody but the owner, or who holds their telephone, can be speaking. */
export function isStrong(strength: IdentityStrength): boolean {
  return strength === "dialled" || strength === "login";
}

/** How somebody came to speak: facts of the carrier's and our own notes, never what they say. */
export type Way =
  | "calledOwner"
  | "pushToTalk"
  | "callsIn"
  | "ownersText"
  | "knownText"
  | "otherText"
  | "calledOther"
  | "calledElsewhere"
  | "anyOther";

/** One way somebody comes to speak with the agent. */
export interface SpeakerRow {
  readonly way: Way;
  /** "a call that comes in" */
  readonly who: string;
  readonly identifiedBy: string;
  readonly strength: IdentityStrength;
  readonly tier: Tier;
}

/** "inboundCallers": as the line's setting says. */
type Row = Omit<SpeakerRow, "tier" | "way"> & { readonly tier: Tier | "inboundCallers" };

const CALLED_OTHER: Row = {
  who: "the other end of a call to somebody else",
  identifiedBy: "nothing",
  strength: "none",
  tier: "stranger",
};

/** Ways that a carrier's row is missing for do not exist there. */
const TABLE: Readonly<Record<CarrierName, { readonly [way in Way]?: Row }>> = {
  clawdtalk: {
    calledOwner: {
      who: "a call the agent placed to you",
      identifiedBy: "your number was dialled: the account's, or one of ownerNumbers",
      strength: "dialled",
      tier: "owner",
    },
    pushToTalk: {
      who: "push-to-talk in ClawdTalk's app",
      identifiedBy: "the app's login to the account",
      strength: "login",
      tier: "owner",
    },
    callsIn: {
      who: "a call that comes in",
      identifiedBy: "a PIN that ClawdTalk says it asks for; nothing it sends shows it",
      strength: "pin (vendor's word)",
      tier: "inboundCallers",
    },
    ownersText: {
      who: "a text from one of ownerNumbers",
      identifiedBy: "the sender's number, digit for digit",
      strength: "caller id",
      tier: "owner",
    },
    knownText: {
      who: "a text from a paired or allowed number",
      identifiedBy: "the sender's number, digit for digit",
      strength: "caller id",
      tier: "guest",
    },
    otherText: {
      who: "a text from anybody else",
      identifiedBy: "nothing",
      strength: "none",
      tier: "unknown",
    },
    calledOther: CALLED_OTHER,
    calledElsewhere: {
      who: "a call that nobody here placed, outbound or of no known direction",
      identifiedBy: "nothing",
      strength: "none",
      tier: "stranger",
    },
    anyOther: {
      who: "whoever names a call to you that is over",
      identifiedBy: "nothing",
      strength: "none",
      tier: "unknown",
    },
  },
  clawcall: {
    calledOwner: {
      who: "a call the agent placed to you, a callback, a scheduled call",
      identifiedBy: "your registered number was dialled, by our own note or ClawCall's list of calls",
      strength: "dialled",
      tier: "owner",
    },
    callsIn: {
      who: "a call that comes in from one of ownerNumbers",
      identifiedBy: "the caller's number in ClawCall's list of calls, digit for digit",
      strength: "caller id",
      tier: "inboundCallers",
    },
    calledOther: CALLED_OTHER,
    anyOther: {
      who: "any other call, a hidden number, a call that is not in the list",
      identifiedBy: "nothing",
      strength: "none",
      tier: "unknown",
    },
  },
  stepone: {
    calledOther: { ...CALLED_OTHER, who: "whoever StepOne's own AI calls, you too" },
  },
};

type Line = Pick<LineConfig, "carrier" | "inboundCallers">;

/** Who may come to speak on a line, and what they then are, with its settings. */
export function speakersOn(line: Line): SpeakerRow[] {
  return (Object.entries(TABLE[line.carrier]) as [Way, Row][]).map(([way, row]) => ({
    ...row,
    way,
    tier: row.tier === "inboundCallers" ? line.inboundCallers : row.tier,
  }));
}

/** What somebody who came this way is on a line, and how sure that is; nobody where there is no such way. */
export function speakerBy(way: Way, line: Line): Pick<SpeakerRow, "tier" | "strength"> {
  const row = speakersOn(line).find((candidate) => candidate.way === way);
  return row ?? { tier: "unknown", strength: "none" };
}
