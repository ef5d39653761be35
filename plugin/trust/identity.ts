/**
 * Owns the table of what tells, at each carrier, who is speaking, and how much that is worth. Decided in
 * `speakers.ts` for calls and by the channel for texts; what stands here is what they go by, and what people are
 * shown (`references/trust.md` says it at length).
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

/** One way somebody comes to speak with the agent. */
export interface SpeakerRow {
  /** "a call that comes in" */
  readonly who: string;
  readonly identifiedBy: string;
  readonly strength: IdentityStrength;
  readonly tier: Tier;
}

/** "inboundCallers": as the line's setting says. */
type Row = Omit<SpeakerRow, "tier"> & { readonly tier: Tier | "inboundCallers" };

const CALLED_OTHER: Row = {
  who: "the other end of a call to somebody else",
  identifiedBy: "nothing",
  strength: "none",
  tier: "stranger",
};

const TABLE: Readonly<Record<CarrierName, readonly Row[]>> = {
  clawdtalk: [
    {
      who: "a call the agent placed to you",
      identifiedBy: "your number was dialled: the account's, or one of ownerNumbers",
      strength: "dialled",
      tier: "owner",
    },
    {
      who: "push-to-talk in ClawdTalk's app",
      identifiedBy: "the app's login to the account",
      strength: "login",
      tier: "owner",
    },
    {
      who: "a call that comes in",
      identifiedBy: "a PIN that ClawdTalk says it asks for; nothing it sends shows it",
      strength: "pin (vendor's word)",
      tier: "inboundCallers",
    },
    {
      who: "a text from one of ownerNumbers",
      identifiedBy: "the sender's number, digit for digit",
      strength: "caller id",
      tier: "owner",
    },
    {
      who: "a text from a paired or allowed number",
      identifiedBy: "the sender's number, digit for digit",
      strength: "caller id",
      tier: "guest",
    },
    { who: "a text from anybody else", identifiedBy: "nothing", strength: "none", tier: "unknown" },
    CALLED_OTHER,
    {
      who: "an outbound call that nobody here placed",
      identifiedBy: "nothing",
      strength: "none",
      tier: "stranger",
    },
  ],
  clawcall: [
    {
      who: "a call the agent placed to you, a callback, a scheduled call",
      identifiedBy: "your registered number was dialled, by our own note or ClawCall's list of calls",
      strength: "dialled",
      tier: "owner",
    },
    {
      who: "a call that comes in from one of ownerNumbers",
      identifiedBy: "the caller's number in ClawCall's list of calls, digit for digit",
      strength: "caller id",
      tier: "inboundCallers",
    },
    CALLED_OTHER,
    {
      who: "any other call, a hidden number, a call that is not in the list",
      identifiedBy: "nothing",
      strength: "none",
      tier: "unknown",
    },
  ],
  stepone: [CALLED_OTHER],
};

type Line = Pick<LineConfig, "carrier" | "inboundCallers">;

/** Who may come to speak on a line, and what they then are, with its settings. */
export function speakersOn(line: Line): SpeakerRow[] {
  return TABLE[line.carrier].map((row) => ({
    ...row,
    tier: row.tier === "inboundCallers" ? line.inboundCallers : row.tier,
  }));
}

/** How sure it is that whoever calls in on a line is its owner; "none" where nobody calls in. */
export function identityStrength(line: Line): IdentityStrength {
  return TABLE[line.carrier].find(({ tier }) => tier === "inboundCallers")?.strength ?? "none";
}
