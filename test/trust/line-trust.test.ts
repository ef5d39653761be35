/** What the owner is shown, compared with what the gateway's own rule for texts decides. */
import { resolveStableChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import { describe, expect, test } from "vitest";
import type { PhoneChannelConfig } from "../../plugin/channel/channel-config.ts";
import type { E164 } from "../../plugin/config/phone-number.ts";
import type { LineConfig } from "../../plugin/config/schema.ts";
import { type Circumstances, callersInWords, lineTrust } from "../../plugin/trust/line-trust.ts";

const OWNER = "+15550001111" as E164;
const ALLOWED = "+15550004444";
const PAIRED = "+15550005555";
const ANYBODY = "+15550006666";

const ANY_LINE = {
  enabled: true,
  server: "https://phone.example",
  apiUrl: "https://phone.example",
  speech: "sentences",
  progressAfterMs: 4_000,
  turnTimeoutMs: 1_000,
  inboundCallers: "owner",
  callsPerDay: 1,
  textsPerDay: 1,
  minutesPerDay: 1,
} as const;
const CLAWDTALK = { ...ANY_LINE, name: "clawdtalk", carrier: "clawdtalk" } as const;
const CLAWCALL = {
  ...ANY_LINE,
  name: "night",
  carrier: "clawcall",
  listen: true,
  bridge: false,
  bridgeHost: "127.0.0.1",
  bridgePort: 4747,
} as const;
const STEPONE = { ...ANY_LINE, name: "stepone", carrier: "stepone" } as const;
const GATEWAY: Circumstances = {
  config: { ownerNumbers: [OWNER] },
  channel: { dmPolicy: "pairing", allowFrom: [] },
  by: "gateway",
  speaksToOthers: true,
};

function shown(line: LineConfig, changes: Partial<Circumstances> = {}) {
  const { speakers, doubts, ...rest } = lineTrust(line, { ...GATEWAY, ...changes });
  const row = (way: string) => speakers.find((candidate) => candidate.way === way);
  return { row, tier: (way: string) => row(way)?.tier, doubts: doubts.join("\n"), ...rest };
}

/** What the gateway decides, asked as the channel asks it. */
async function decision(from: string, { dmPolicy, allowFrom }: Circumstances["channel"]) {
  const { senderAccess } = await resolveStableChannelMessageIngress({
    channelId: "phone",
    accountId: "clawdtalk",
    cfg: {},
    identity: { key: "phone", entryIdPrefix: "phone-entry", sensitivity: "pii" },
    subject: { stableId: from },
    conversation: { kind: "direct", id: from },
    event: { kind: "message", authMode: "inbound", mayPair: true },
    dmPolicy,
    allowFrom: [...allowFrom, OWNER],
    readStoreAllowFrom: async () => [PAIRED],
  });
  return senderAccess.decision;
}

const policies: readonly PhoneChannelConfig["dmPolicy"][] = ["pairing", "allowlist", "open", "disabled"];
describe.each(policies)("texts under the policy %s", (dmPolicy) => {
  test.each([[[]], [["*"]], [[ALLOWED]]])("with the list %j", async (allowFrom) => {
    const channel = { dmPolicy, allowFrom };
    const { tier, row } = shown(CLAWDTALK, { channel });
    const isAnswered = async (from: string) => (await decision(from, channel)) === "allow";
    expect(tier("ownersText") === "owner").toBe(await isAnswered(OWNER));
    expect(tier("otherText") === "guest").toBe(await isAnswered(ANYBODY));
    if (allowFrom.includes(ALLOWED)) expect(tier("knownText") === "guest").toBe(await isAnswered(ALLOWED));
    const countsPaired =
      tier("knownText") === "guest" && !row("knownText")?.note?.startsWith("Paired numbers do not");
    expect(countsPaired || tier("otherText") === "guest").toBe(await isAnswered(PAIRED));
    expect(row("otherText")?.note?.includes("pairing code") === true).toBe(
      (await decision(ANYBODY, channel)) === "pairing",
    );
  });
});

test("without the plugin, or where it is kept out of conversations, nobody but the owner is served", () => {
  for (const by of ["gateway", "connector"] as const) {
    for (const line of [CLAWDTALK, CLAWCALL]) {
      const { speakers } = lineTrust(line, { ...GATEWAY, by, speaksToOthers: false });
      expect([...new Set(speakers.map(({ tier }) => tier))].toSorted()).toEqual(["owner", "unknown"]);
    }
  }
  // StepOne's own AI speaks there.
  expect(shown(STEPONE, { by: "connector", speaksToOthers: false }).tier("calledOther")).toBe("stranger");
  // The channel has no say over what the background process does.
  const closed = { by: "connector", channel: { dmPolicy: "disabled", allowFrom: [] } } as const;
  expect(shown(CLAWDTALK, closed).tier("ownersText")).toBe("owner");
  const gate = /nothing of Switchboard's asks you/;
  expect(shown(CLAWDTALK, { by: "connector", speaksToOthers: false }).doubts).toMatch(gate);
  expect(shown(CLAWDTALK).doubts).not.toMatch(gate);
});

test("what only the vendor's word or a number supports is doubted, as long as it is believed", () => {
  expect(shown(CLAWDTALK).doubts).toMatch(
    /ClawdTalk's word alone.*openclaw config set \S+\.lines\.clawdtalk\.inboundCallers unknown/,
  );
  expect(shown(CLAWCALL).doubts).toMatch(/forged.*\.lines\.night\.inboundCallers unknown/);
  for (const line of [CLAWDTALK, CLAWCALL]) {
    const { doubts, tier } = shown({ ...line, inboundCallers: "unknown" });
    expect(tier("callsIn")).toBe("unknown");
    expect(doubts).not.toMatch(/inboundCallers/);
  }
  expect(shown(CLAWDTALK).doubts).toMatch(/whoever texts with one of yours/);
  expect(shown(CLAWDTALK, { config: { ownerNumbers: [] } }).doubts).not.toMatch(/texts with one of yours/);
  expect(shown({ ...CLAWCALL, bridge: true }).doubts).toMatch(/The bridge is on/);
  expect(shown(CLAWDTALK, { channel: { dmPolicy: "open", allowFrom: ["*"] } }).doubts).toMatch(
    /Texts from everybody/,
  );
});

test("where none of the owner's numbers is known, nobody is known by one", () => {
  const config = { ownerNumbers: [] };
  expect(shown(CLAWCALL, { config }).row("callsIn")?.note).toMatch(/^None of your numbers is known/);
  expect(shown(CLAWDTALK, { config }).row("ownersText")?.note).toMatch(/^None of your numbers is known/);
  expect(shown(CLAWDTALK, { config }).row("callsIn")?.note).toBeUndefined();
});

test("callers in a few words", () => {
  expect(callersInWords(CLAWDTALK)).toBe("callers count as you (pin (vendor's word))");
  expect(callersInWords(CLAWCALL)).toBe("callers from your numbers count as you (caller id)");
  expect(callersInWords({ ...CLAWCALL, inboundCallers: "unknown" })).toBe("callers are turned away");
  expect(callersInWords(STEPONE)).toBeUndefined();
});
