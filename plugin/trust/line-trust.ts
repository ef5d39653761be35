/**
 * Owns what the owner is shown of who may come to speak on a line: the table of `identity.ts` as it works out with the
 * line's settings, the channel's policy for texts and what is running, and what remains to be doubted, in plain words.
 */
import type { PhoneChannelConfig } from "../channel/channel-config.ts";
import type { LineConfig, SwitchboardConfig } from "../config/schema.ts";
import { type SpeakerRow, speakersOn } from "./identity.ts";

/** A line's table as it works out. */
export interface LineTrust {
  readonly line: string;
  readonly carrier: LineConfig["carrier"];
  readonly enabled: boolean;
  readonly inboundCallers: LineConfig["inboundCallers"];
  /** The channel's policy for texts; missing where nobody can text. */
  readonly texts?: PhoneChannelConfig["dmPolicy"];
  readonly speakers: readonly EffectiveRow[];
  /** A sentence each. */
  readonly doubts: readonly string[];
}

/** A row of the table with what is special about it, as a sentence. */
export interface EffectiveRow extends SpeakerRow {
  readonly note?: string;
}

export interface Circumstances {
  readonly config: Pick<SwitchboardConfig, "ownerNumbers">;
  /** The channel's settings for this line. */
  readonly channel: Pick<PhoneChannelConfig, "dmPolicy" | "allowFrom">;
  /** The gateway's plugin, or the background process of a skill-only install. */
  readonly by: "gateway" | "connector";
  /** False without the plugin, and where the gateway keeps it out of conversations: then the owner alone is served. */
  readonly speaksToOthers: boolean;
}

const ENTRY = "plugins.entries.switchboard.config";

/** Who may come to speak on a line, what they then are, and what to mind. */
export function lineTrust(line: LineConfig, circumstances: Circumstances): LineTrust {
  const speakers = speakersOn(line).map((row) => effective(row, line, circumstances));
  return {
    line: line.name,
    carrier: line.carrier,
    enabled: line.enabled,
    inboundCallers: line.inboundCallers,
    ...(line.carrier === "clawdtalk" ? { texts: circumstances.channel.dmPolicy } : {}),
    speakers,
    doubts: doubts(speakers, line, circumstances),
  };
}

function effective(row: SpeakerRow, line: LineConfig, circumstances: Circumstances): EffectiveRow {
  const { config, speaksToOthers } = circumstances;
  const changed = row.way.endsWith("Text") ? textRow(row, circumstances) : row;
  const isOwnNumber = row.way === "ownersText" || (row.way === "callsIn" && line.carrier === "clawcall");
  if (isOwnNumber && config.ownerNumbers.length === 0) {
    return { ...changed, note: "None of your numbers is known, so nobody does." };
  }
  // Its own AI speaks on StepOne's calls, whatever runs here.
  if (!speaksToOthers && line.carrier !== "stepone" && isOthers(changed)) {
    return { ...changed, tier: "unknown", note: "Turned away: only you are served here." };
  }
  return changed;
}

/** The gateway's own rules for who may write ("Access groups" and "Pairing" in its docs). */
function textRow(row: SpeakerRow, { channel, by }: Circumstances): EffectiveRow {
  const { dmPolicy, allowFrom } = channel;
  // The background process takes texts without the channel.
  if (by === "connector") return row;
  if (dmPolicy === "disabled") {
    return { ...row, tier: "unknown", note: 'Not answered: channels.phone.dmPolicy is "disabled".' };
  }
  if (row.way === "knownText" && dmPolicy !== "pairing") {
    return { ...row, note: `Paired numbers do not count: channels.phone.dmPolicy is "${dmPolicy}".` };
  }
  if (row.way !== "otherText") return row;
  if (allowFrom.includes("*")) {
    return { ...row, tier: "guest", note: 'channels.phone.allowFrom has "*", which lets everybody write.' };
  }
  return {
    ...row,
    note: dmPolicy === "pairing" ? "Gets a pairing code, which only you can approve." : "Not answered.",
  };
}

function isOthers({ tier }: SpeakerRow): boolean {
  return tier === "guest" || tier === "stranger";
}

function doubts(
  speakers: readonly EffectiveRow[],
  line: LineConfig,
  { config, by }: Circumstances,
): string[] {
  const is = (way: SpeakerRow["way"], tier: SpeakerRow["tier"]) =>
    speakers.some((row) => row.way === way && row.tier === tier);
  const believeNobody = `To believe nobody who calls in: openclaw config set ${ENTRY}.lines.${line.name}.inboundCallers unknown`;
  const said: string[] = [];
  if (line.carrier === "clawdtalk" && is("callsIn", "owner")) {
    said.push(
      `That callers are asked for a PIN is ClawdTalk's word alone: nothing it sends shows it. Whoever it lets through speaks as you. ${believeNobody}`,
    );
  }
  if (line.carrier === "clawcall" && is("callsIn", "owner") && config.ownerNumbers.length > 0) {
    said.push(
      `A caller's number can be forged: whoever calls with one of yours speaks as you. ${believeNobody}`,
    );
  }
  if (is("ownersText", "owner") && config.ownerNumbers.length > 0) {
    said.push(
      'A sender\'s number can be forged: whoever texts with one of yours writes as you. Without "ownerNumbers" your number is paired like any other and counts as a guest.',
    );
  }
  if (is("otherText", "guest")) said.push("Texts from everybody are answered, at your cost.");
  if (line.carrier === "clawcall" && line.bridge) {
    said.push(
      "The bridge is on: every program and user of this machine can put words into a call that is going on, and on a call of yours they count as yours.",
    );
  }
  if (line.carrier === "stepone") {
    said.push("StepOne's own AI speaks on these calls; what was said reaches your agent as a quotation.");
  } else if (by === "connector") {
    said.push(
      "Without the plugin in the gateway nothing of Switchboard's asks you before a sensitive tool runs.",
    );
  }
  return said;
}

/** What counts as the owner's word when somebody calls in, as a clause: "callers count as you (caller id)". */
export function callersInWords(line: Pick<LineConfig, "carrier" | "inboundCallers">): string | undefined {
  const row = speakersOn(line).find(({ way }) => way === "callsIn");
  if (row === undefined) return undefined;
  if (row.tier !== "owner") return "callers are turned away";
  return line.carrier === "clawcall"
    ? `callers from your numbers count as you (${row.strength})`
    : `callers count as you (${row.strength})`;
}
