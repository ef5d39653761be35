import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { CallRecord } from "../../plugin/carriers/carrier.ts";
import { type CarrierName, carriers } from "../../plugin/config/schema.ts";
import {
  type IdentityStrength,
  isStrong,
  speakerBy,
  speakersOn,
  type Way,
} from "../../plugin/trust/identity.ts";
import { identifyCall, identifyText, type SpeakerFacts } from "../../plugin/trust/speakers.ts";

const OWNER = "+15550001111";
const OTHER = "+15550002222";
const names = Object.keys(carriers) as CarrierName[];
const line = (carrier: CarrierName, inboundCallers: "owner" | "unknown" = "owner") => ({
  name: "home",
  carrier,
  inboundCallers,
});

test.each(names)("%s: nobody without any identity is the owner or a guest", (carrier) => {
  for (const { tier, strength } of speakersOn(line(carrier))) {
    expect(strength === "none").toBe(tier === "stranger" || tier === "unknown");
  }
});

test.each(names)("%s: who calls in is nobody where the line says so, and nothing else changes", (carrier) => {
  const changed = speakersOn(line(carrier)).filter(
    ({ way, tier }) => speakerBy(way, line(carrier, "unknown")).tier !== tier,
  );
  expect(changed.map(({ way }) => way)).toEqual(carrier === "stepone" ? [] : ["callsIn"]);
  expect(speakerBy("callsIn", line(carrier, "unknown")).tier).toBe("unknown");
});

test("how sure it is who calls in", () => {
  expect(names.map((carrier) => [carrier, speakerBy("callsIn", line(carrier)).strength])).toEqual([
    ["clawdtalk", "pin (vendor's word)"],
    ["clawcall", "caller id"],
    ["stepone", "none"],
  ]);
});

test("who comes a way that the service does not have is nobody", () => {
  expect(speakerBy("ownersText", line("clawcall"))).toEqual({ tier: "unknown", strength: "none" });
  expect(speakerBy("pushToTalk", line("stepone"))).toEqual({ tier: "unknown", strength: "none" });
});

test("a number that can be forged and a word that cannot be checked are not strong", () => {
  const strengths: IdentityStrength[] = ["dialled", "login", "pin (vendor's word)", "caller id", "none"];
  expect(strengths.filter(isStrong)).toEqual(["dialled", "login"]);
});

/** What a carrier's events and records, and our notes, say of a call. */
interface Scene {
  readonly says?: "inbound" | "outbound";
  readonly placedTo?: string | null;
  readonly isOver?: boolean;
  readonly record?: Partial<CallRecord>;
}

const RECORDED = { callId: "call", isOver: false } as const;

/** What happens when somebody comes this way; a row of the table without scenes does not compile, or fails. */
const SCENES: Readonly<
  Record<CarrierName, { readonly [way in Way]?: readonly Scene[] | "a text" | "push-to-talk" }>
> = {
  clawdtalk: {
    calledOwner: [{ placedTo: null }, { placedTo: OWNER }, { placedTo: OWNER, says: "inbound" }],
    pushToTalk: "push-to-talk",
    callsIn: [{ says: "inbound" }],
    ownersText: "a text",
    knownText: "a text",
    otherText: "a text",
    calledOther: [
      { placedTo: OTHER },
      { placedTo: OTHER, says: "inbound" },
      { placedTo: OTHER, isOver: true },
    ],
    calledElsewhere: [{ says: "outbound" }, {}],
    anyOther: [
      { placedTo: OWNER, isOver: true },
      { placedTo: null, isOver: true },
    ],
  },
  clawcall: {
    calledOwner: [
      { placedTo: null },
      { record: { direction: "outbound", purpose: "callback" } },
      { record: { direction: "outbound", purpose: "briefing" } },
    ],
    callsIn: [{ record: { direction: "inbound", from: OWNER } }],
    calledOther: [
      { placedTo: OTHER, record: { direction: "inbound", from: OWNER } },
      { record: { direction: "outbound", purpose: "thirdParty" } },
    ],
    anyOther: [
      {},
      { says: "inbound" },
      { record: { direction: "inbound", from: OTHER } },
      { record: { direction: "inbound", from: "" } },
      { record: { direction: "inbound", from: "anonymous" } },
      { record: { direction: "inbound", from: OWNER.slice(-7) } },
      { record: { direction: "inbound", from: OWNER, isOver: true } },
      { record: { direction: "outbound" } },
    ],
  },
  // No words of its calls come to us while they go on.
  stepone: { calledOther: [{ placedTo: OTHER }] },
};

function facts(scene: Scene, where: SpeakerFacts["line"]): SpeakerFacts {
  const isPlaced = scene.placedTo !== undefined;
  return {
    line: where,
    ownerNumbers: [OWNER],
    ownerSession: () => ({ tier: "owner", agentId: "main", sessionKey: "agent:main:main" }),
    writtenCall: async () =>
      isPlaced
        ? {
            direction: "outbound",
            placedHere: true,
            callee: scene.placedTo ?? null,
            state: scene.isOver ? "ended" : "placed",
          }
        : undefined,
    placingCall: async () => false,
    askDirection: async () => undefined,
    askRecord:
      where.carrier === "clawcall" ? async () => scene.record && { ...RECORDED, ...scene.record } : undefined,
    sleep: () => new Promise(() => {}),
  };
}

describe.each(names)("%s: what happens is what the table says", (carrier) => {
  test("it has a scene for every row, and for nothing else", () => {
    expect(Object.keys(SCENES[carrier])).toEqual(speakersOn(line(carrier)).map(({ way }) => way));
  });

  const rows = (["owner", "unknown"] as const).flatMap((inboundCallers) =>
    speakersOn(line(carrier, inboundCallers)).flatMap((row) => {
      const scenes = SCENES[carrier][row.way];
      return typeof scenes === "object" ? scenes.map((scene) => ({ row, scene, inboundCallers })) : [];
    }),
  );
  test.each(rows)("$row.who, inboundCallers $inboundCallers: $row.tier ($scene)", async (given) => {
    const { row, scene, inboundCallers } = given;
    const identity = await identifyCall("call", scene.says, facts(scene, line(carrier, inboundCallers)));
    expect(identity.tier).toBe(row.tier);
    if (identity.tier === "unknown") return;
    expect(identity.strength).toBe(row.strength);
    expect(identity.session.sessionKey).toBe(
      row.tier === "owner" ? "agent:main:main" : "agent:main:switchboard:stranger:home:call",
    );
  });
});

test("texts are as the table says, once the channel lets them through", () => {
  const from = (number: string, carrier: CarrierName) =>
    identifyText(number, { line: line(carrier), ownerNumbers: [OWNER] });
  expect(from(OWNER, "clawdtalk")).toBe(speakerBy("ownersText", line("clawdtalk")).tier);
  expect(from(OTHER, "clawdtalk")).toBe(speakerBy("knownText", line("clawdtalk")).tier);
  expect(from(OWNER.slice(1), "clawdtalk")).toBe("guest");
  expect(from("", "clawdtalk")).toBe("guest");
  // Nobody texts there.
  for (const carrier of ["clawcall", "stepone"] as const) expect(from(OWNER, carrier)).toBe("unknown");
});

test("the documented table is this one", () => {
  const file = path.resolve(import.meta.dirname, "../../references/trust.md");
  const documented = readFileSync(file, "utf8")
    .replaceAll("`", "")
    .split("\n")
    .map((row) => row.split("|").map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && !/^(who speaks|-+)$/.test(cells[1] ?? ""))
    .map(([, who, , strength, tier]) => [who, strength, tier?.replace("inboundCallers: ", "")]);
  const decided = names
    .flatMap((carrier) => speakersOn(line(carrier)))
    .map(({ who, strength, tier }) => [who, strength, tier]);
  expect(documented).toEqual(decided);
});
