// Proves which line is chosen, and what is said of it: with accounts that are made up, and against the practice line of
// each carrier.
import { afterEach, describe, expect, test } from "vitest";
import { chooseRoute, NoRoute, type Wish } from "../../plugin/calls/choose-route.ts";
import { CarrierRefused, CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import { NoUsableLine, type UsableLine } from "../../plugin/config/choose-line.ts";
import { type E164, parsePhoneNumber } from "../../plugin/config/phone-number.ts";
import type { CarrierName, LineConfig } from "../../plugin/config/schema.ts";
import type { Ability, LineAccount, LineCalls } from "../../plugin/lines/line-calls.ts";
import { startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { NOWHERE, usableLine } from "../lines/usable-line.ts";

function e164(text: string): E164 {
  const number = parsePhoneNumber(text);
  if (number === undefined) throw new Error(`${text} is no number`);
  return number;
}

const OTHER = e164("+15550002222");
const MAINLAND_MOBILE = e164("+8613800138000");
const MAINLAND_LANDLINE = e164("+861065529988");

const other = (to: E164 = OTHER, more: Partial<Wish> = {}): Wish => ({
  what: "call",
  to,
  isToOwner: false,
  ...more,
});
const owner = (more: Partial<Wish> = {}): Wish => ({ what: "call", to: undefined, isToOwner: true, ...more });
const text = (more: Partial<Wish> = {}): Wish => ({ ...other(), what: "text", ...more });

const talk = usableLine("clawdtalk");
const claw = usableLine("clawcall");
const step = usableLine("stepone");

const CAN: Ability = { can: true };
const cannot = (because: string): Ability => ({ can: false, because, remedy: "pay" });

/** Opens lines whose accounts are as told by the line's name: a reason why not, or an error; able unless told. */
function accounts(told: Readonly<Record<string, string | Error>> = {}) {
  const asked: string[] = [];
  const open = async ({ name, carrier }: UsableLine): Promise<LineCalls> => ({
    placer: {
      placeCall: async () => {
        throw new Error("choosing a line places no call");
      },
    },
    isLedByPurpose: false,
    async account(): Promise<LineAccount> {
      asked.push(name);
      const answer = told[name];
      if (answer instanceof Error) throw answer;
      const ability = answer === undefined ? CAN : cannot(answer);
      return {
        callsOwner: ability,
        callsOthers: ability,
        texts: carrier === "clawdtalk" ? ability : cannot("no texts"),
      };
    },
    show: () => Promise.reject(new Error("nothing to show")),
    end: () => Promise.reject(new Error("nothing to end")),
  });
  return { open, asked };
}

const keyRefused = (name: string) =>
  new CarrierRefused(`${name} does not accept the key abc…: make a new one.`, {
    status: 401,
    mayHaveHappened: false,
  });
const unreachable = (name: string) =>
  new CarrierUnreachable(`${name} could not be reached: check the network.`, { mayHaveHappened: false });

async function chosen(
  wish: Wish,
  lines: readonly LineConfig[],
  told = {},
  ownerNumbers: readonly E164[] = [],
) {
  const { open, asked } = accounts(told);
  const { line, why } = await chooseRoute(wish, { config: { lines, ownerNumbers }, open });
  return { name: line.name, why, asked };
}

async function refused(wish: Wish, lines: readonly LineConfig[], told = {}): Promise<Error> {
  return await chosen(wish, lines, told).then(
    ({ name }) => {
      throw new Error(`${name} was chosen`);
    },
    (error: Error) => error,
  );
}

describe("the first line that can, in the configured order", () => {
  test.each<[string, Wish, readonly LineConfig[], string, string]>([
    ["others", other(), [talk, claw, step], "clawdtalk", "clawdtalk: the first line that can call others"],
    ["others", other(), [claw, talk, step], "clawcall", "clawcall: the first line that can call others"],
    ["the owner", owner(), [claw, talk], "clawcall", "clawcall: the first line that can call the owner"],
    [
      "a mainland mobile goes to StepOne, wherever it stands",
      other(MAINLAND_MOBILE),
      [talk, claw, step],
      "stepone",
      "stepone: made for mobile numbers of mainland China",
    ],
    [
      "a mainland landline does not",
      other(MAINLAND_LANDLINE),
      [step, talk],
      "clawdtalk",
      "clawdtalk: the first line that can call others",
    ],
    [
      "the owner's mainland mobile does last",
      owner({ to: MAINLAND_MOBILE }),
      [step, claw],
      "clawcall",
      "clawcall: the first line that can call the owner",
    ],
    [
      "but it does",
      owner({ to: MAINLAND_MOBILE }),
      [step],
      "stepone",
      "stepone: the first line that can call the owner",
    ],
    [
      "texts",
      text(),
      [claw, step, talk],
      "clawdtalk",
      "clawdtalk: the first line that can send texts to others",
    ],
    [
      "texts to the owner",
      text({ to: undefined, isToOwner: true }),
      [claw, talk],
      "clawdtalk",
      "clawdtalk: the first line that can send texts to the owner",
    ],
    [
      "texts to a mainland mobile",
      text({ to: MAINLAND_MOBILE }),
      [step, talk],
      "clawdtalk",
      "clawdtalk: the first line that can send texts to others",
    ],
    [
      "a named carrier",
      other(MAINLAND_MOBILE, { carrier: "clawcall" }),
      [step, talk, usableLine("clawcall", { name: "off", enabled: false }), claw],
      "clawcall",
      "clawcall: the first ClawCall line that can call others",
    ],
    [
      "a named line",
      other(OTHER, { line: "second" }),
      [talk, usableLine("clawdtalk", { name: "second" })],
      "second",
      "second: the line that was named",
    ],
  ])("%s", async (_, wish, lines, name, why) => {
    // One that is passed over for what is known anyway is not asked.
    expect(await chosen(wish, lines)).toEqual({ name, why, asked: [name] });
  });

  test("the owner, over StepOne, on the number of theirs that it can call", async () => {
    const { open } = accounts();
    const config = { lines: [step], ownerNumbers: [OTHER, MAINLAND_MOBILE] };
    expect(await chooseRoute(owner(), { config, open })).toMatchObject({
      to: MAINLAND_MOBILE,
      why: "stepone: the first line that can call the owner",
    });
    expect(
      (await chooseRoute(owner(), { config: { ...config, lines: [step, claw] }, open })).to,
    ).toBeUndefined();
  });

  test("accounts are asked in turn until one can, and it is said why not the ones before", async () => {
    const told = { clawdtalk: "its account has no number", spare: unreachable("ClawdTalk") };
    const spare = usableLine("clawdtalk", { name: "spare" });
    const last = usableLine("clawcall", { name: "last" });
    expect(await chosen(other(), [talk, spare, claw, last], told)).toEqual({
      name: "clawcall",
      why: "clawcall: the first line that can call others; not clawdtalk, since its account has no number; not spare, since ClawdTalk could not be reached",
      asked: ["clawdtalk", "spare", "clawcall"],
    });
  });

  test("a mainland mobile is called over another line when StepOne cannot", async () => {
    const refusal = new CarrierRefused("StepOne does not accept the key.", {
      status: 401,
      mayHaveHappened: false,
    });
    expect(await chosen(other(MAINLAND_MOBILE), [talk, step], { stepone: refusal })).toEqual({
      name: "clawdtalk",
      why: "clawdtalk: the first line that can call others; not stepone, since StepOne does not accept the key",
      asked: ["stepone", "clawdtalk"],
    });
  });
});

describe("no line", () => {
  test.each<[string, Wish, readonly LineConfig[], Record<string, string | Error>, string]>([
    [
      "each one is named, with why not and what to do",
      other(),
      [
        step,
        talk,
        { ...claw, enabled: false },
        keyless("clawcall", "bare"),
        usableLine("clawcall", { name: "spare" }),
      ],
      { clawdtalk: "its account has no number", spare: unreachable("ClawCall") },
      "No line can call +15550002222 (stepone: StepOne calls mobile numbers of mainland China alone; clawdtalk: its account has no number; clawcall: it is not enabled; bare: it has no key; spare: ClawCall could not be reached): pay; or try again later.",
    ],
    [
      "what to do is said once",
      owner(),
      [talk, claw],
      { clawdtalk: "it is Free", clawcall: "it is Free too" },
      "No line can call the owner (clawdtalk: it is Free; clawcall: it is Free too): pay.",
    ],
    [
      "nobody could be asked",
      owner(),
      [talk, claw],
      { clawdtalk: unreachable("ClawdTalk"), clawcall: unreachable("ClawCall") },
      "No line can call the owner (clawdtalk: ClawdTalk could not be reached; clawcall: ClawCall could not be reached): try again later.",
    ],
    [
      "texts",
      text(),
      [claw, step],
      {},
      "No line can send texts to +15550002222 (clawcall: ClawCall has no texts; stepone: StepOne has no texts): send texts over a line of ClawdTalk.",
    ],
    [
      "of the named carrier",
      other(OTHER, { carrier: "stepone" }),
      [talk, step],
      {},
      "No StepOne line can call +15550002222 (stepone: StepOne calls mobile numbers of mainland China alone): call it over a line of ClawdTalk or ClawCall.",
    ],
    [
      "the named one",
      text({ line: "clawcall" }),
      [talk, claw],
      {},
      'The line "clawcall" cannot send texts to +15550002222 (ClawCall has no texts): send texts over a line of ClawdTalk.',
    ],
    [
      "StepOne has no mobile number of the owner's",
      owner({ line: "stepone" }),
      [step],
      {},
      'The line "stepone" cannot call the owner (StepOne calls mobile numbers of mainland China alone, and none is known as yours): add such a number of yours to "ownerNumbers".',
    ],
    [
      "what can be mended is said before what cannot: a key, a service that is away",
      owner(),
      [talk, claw, step],
      { clawdtalk: keyRefused("ClawdTalk"), clawcall: unreachable("ClawCall") },
      'No line can call the owner (clawdtalk: ClawdTalk does not accept the key abc…; clawcall: ClawCall could not be reached; stepone: StepOne calls mobile numbers of mainland China alone, and none is known as yours): correct the key of the line "clawdtalk"; or try again later.',
    ],
    [
      "a service that says what to do has said it; one sentence all the same",
      owner(),
      [talk, claw],
      {
        clawdtalk: new CarrierRefused("It wants another version. Update it.", {
          status: 426,
          mayHaveHappened: false,
        }),
        clawcall: new CarrierRefused("It is busy: wait.", { status: 503, mayHaveHappened: false }),
      },
      "No line can call the owner (clawdtalk: It wants another version; Update it; clawcall: It is busy): try again later.",
    ],
    [
      "an address that is wrong is not what its owner has switched off",
      other(),
      [
        { ...claw, enabled: false, server: "http://phone.example" },
        talk,
        usableLine("clawdtalk", { name: "two" }),
      ],
      { clawdtalk: "it is Free", two: "it is Free too" },
      "No line can call +15550002222 (clawcall: it has a wrong address (it must be an https URL, or an http URL on this machine); clawdtalk: it is Free; two: it is Free too): pay.",
    ],
  ])("%s", async (_, wish, lines, told, sentence) => {
    const error = await refused(wish, lines, told);
    expect(error).toBeInstanceOf(NoRoute);
    expect(error.message).toBe(sentence);
  });

  test.each<[string, Wish, readonly LineConfig[], RegExp]>([
    ["none is set up", other(), [], /^No phone line is set up: get an API key at clawdtalk\.com/],
    [
      "a name that is none",
      other(OTHER, { line: "home" }),
      [talk],
      /^There is no line "home", only clawdtalk\.$/,
    ],
    [
      "a carrier without a line",
      other(OTHER, { carrier: "stepone" }),
      [talk],
      /^This works on lines of StepOne alone, and none is set up/,
    ],
    ["not enabled", owner({ line: "clawdtalk" }), [{ ...talk, enabled: false }], /is not enabled\.$/],
  ])("in the words of the configuration: %s", async (_, wish, lines, sentence) => {
    const error = await refused(wish, lines);
    expect(error).toBeInstanceOf(NoUsableLine);
    expect(error.message).toMatch(sentence);
  });

  test("a line and a carrier that contradict each other", async () => {
    const error = await refused(other(OTHER, { carrier: "clawcall", line: "clawdtalk" }), [talk, claw]);
    expect([error.name, error.message]).toEqual([
      "RouteContradicted",
      `The line "clawdtalk" and the carrier "clawcall" contradict each other, since that line is ClawdTalk's: name one of them only.`,
    ]);
  });

  test.each<[string, Wish, readonly LineConfig[]]>([
    ["it was named", other(OTHER, { line: "clawdtalk" }), [talk, claw]],
    ["it is the carrier's only one", other(OTHER, { carrier: "clawdtalk" }), [talk, claw]],
    ["there is no other", other(), [talk]],
    ["no other can at all", text(), [claw, talk, step]],
  ])("an account that cannot be asked says so itself when %s", async (_, wish, lines) => {
    const trouble = unreachable("ClawdTalk");
    expect(await refused(wish, lines, { clawdtalk: trouble })).toBe(trouble);
  });

  test("what is no trouble of a carrier's is thrown as it is", async () => {
    const bug = new TypeError("a bug");
    expect(await refused(other(), [talk, claw], { clawdtalk: bug })).toBe(bug);
  });
});

function keyless(carrier: CarrierName, name: string): LineConfig {
  const { apiKey: _, ...line } = usableLine(carrier, { name });
  return line;
}

describe("with the services themselves", () => {
  const started: { close(): Promise<void>; readonly violations: readonly unknown[] }[] = [];

  afterEach(async () => {
    for (const service of started.splice(0)) {
      expect(service.violations).toEqual([]);
      await service.close();
    }
  });

  async function services(given: { dedicatedNumber?: string; tier?: "free" | "pro" } = {}) {
    const { dedicatedNumber, tier = "free" } = given;
    const talking = await startClawdTalkPractice(dedicatedNumber === undefined ? {} : { dedicatedNumber });
    const calling = await startClawCallPractice({ tier });
    const stepping = await startStepOnePractice();
    started.push(talking, calling, stepping);
    const lines = [
      usableLine("clawdtalk", { apiUrl: talking.apiUrl }),
      usableLine("clawcall", { apiUrl: calling.url }),
      usableLine("stepone", { apiUrl: stepping.url }),
    ];
    return { talking, calling, stepping, config: { lines, ownerName: "Ada", ownerNumbers: [] } };
  }

  test("the account with a number of its own", async () => {
    const { config } = await services({ dedicatedNumber: "+15550008888" });
    expect(await chooseRoute(other(), { config })).toMatchObject({
      line: { name: "clawdtalk" },
      why: "clawdtalk: the first line that can call others",
    });
  });

  test("without it, the next one that can; texts go all the same", async () => {
    const { config } = await services({ tier: "pro" });
    expect(await chooseRoute(other(), { config })).toMatchObject({
      line: { name: "clawcall" },
      why: "clawcall: the first line that can call others; not clawdtalk, since its ClawdTalk account has no dedicated number",
    });
    expect((await chooseRoute(owner(), { config })).line.name).toBe("clawdtalk");
    expect((await chooseRoute(text(), { config })).line.name).toBe("clawdtalk");
  });

  test("a mainland mobile, over StepOne: and the call can be placed", async () => {
    const { config, stepping } = await services({ dedicatedNumber: "+15550008888", tier: "pro" });
    const { line, calls } = await chooseRoute(other(MAINLAND_MOBILE), { config });
    expect(line.name).toBe("stepone");
    await calls.placer.placeCall({
      to: MAINLAND_MOBILE,
      isToOwner: false,
      greeting: "您好",
      purpose: "通知张总明天上午9点在3楼会议室开会",
      context: undefined,
      allowFollowup: true,
    });
    expect(stepping.calls.map(({ number }) => number)).toEqual(["13800138000"]);
  });

  test("none that can: each says why, and what would help", async () => {
    const { config } = await services();
    const refusal = chooseRoute(other(), { config });
    await expect(refusal).rejects.toThrow(NoRoute);
    await expect(refusal).rejects.toThrow(
      'No line can call +15550002222 (clawdtalk: its ClawdTalk account has no dedicated number; clawcall: its ClawCall account is Free; stepone: StepOne calls mobile numbers of mainland China alone): get a paid ClawdTalk account with a dedicated number at clawdtalk.com; or change its tier ("clawcall billing checkout pro" shows what it costs).',
    );
  });

  test("a service that is away is passed over; named, it is what is told", async () => {
    const { config } = await services({ tier: "pro" });
    const lines = [usableLine("clawdtalk", { name: "away", apiUrl: NOWHERE }), ...config.lines];
    const { line, why } = await chooseRoute(owner(), { config: { ...config, lines } });
    expect(line.name).toBe("clawdtalk");
    expect(why).toMatch(/; not away, since ClawdTalk at 127\.0\.0\.1:9 could not be reached .*/);
    const named = chooseRoute(owner({ line: "away" }), { config: { ...config, lines } });
    await expect(named).rejects.toThrow(CarrierUnreachable);
  });
});
