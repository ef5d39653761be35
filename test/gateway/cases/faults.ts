/**
 * What goes wrong with keys, networks, services and settings on a real gateway: each is said in one clear line, the
 * gateway and the other lines go on, and a line works again once its fault is gone.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { PracticeCall } from "../../../plugin/practice/caller.ts";
import {
  type ClawdTalkPractice,
  PRACTICE_API_KEY,
  startClawdTalkPractice,
} from "../../../plugin/practice/clawdtalk-server.ts";
import { freePort } from "../../../plugin/practice/gateway.ts";
import { type PracticeModel, startPracticeModel } from "../../../plugin/practice/model.ts";
import type { PhoneGateway } from "../../../plugin/practice/phone-gateway.ts";
import { takeGateway } from "../one-gateway.ts";
import { OWNER, packageFolder, STRANGER } from "../phone-line.ts";

const SECOND_KEY = "cc_live_practice_second_000000000000000";
const WRONG_KEY = "cc_live_practice_wrong_0000000000000000";
const RIGHT_KEY = "cc_live_practice_right_0000000000000000";
const wait = { timeoutMs: 20_000 };
/** Without it no program opens a socket there. */
const { SystemRoot } = process.env;
const WINDOWS_NEEDS = SystemRoot === undefined ? {} : { SystemRoot };

describe("a gateway with lines in every kind of trouble", () => {
  /** Two accounts, two lines. */
  let carrier: ClawdTalkPractice;
  /** Sends what no service should. */
  let noisy: ClawdTalkPractice;
  let busy: ClawdTalkPractice;
  let rivals: ClawdTalkPractice;
  let late: ClawdTalkPractice | undefined;
  let latePort: number;
  let model: PracticeModel;
  let gateway: PhoneGateway;
  let callOfNoisy: PracticeCall;

  beforeAll(async () => {
    const account = { ownerNumber: OWNER, dedicatedNumber: "+15550003333" };
    [carrier, noisy, busy, rivals] = await Promise.all([
      startClawdTalkPractice({ ...account, keys: [PRACTICE_API_KEY, SECOND_KEY] }),
      startClawdTalkPractice({ ...account, keys: [PRACTICE_API_KEY, RIGHT_KEY] }),
      startClawdTalkPractice(account),
      startClawdTalkPractice(account),
    ]);
    busy.faults.handshakes = [429];
    rivals.faults.closeAfterAuth = [4000, 4000, 4000];
    latePort = await freePort();
    model = await startPracticeModel({ firstTokenMs: 50, perWordMs: 5 });
    const ofPractice = (server: string) => ({ apiKey: PRACTICE_API_KEY, server });
    gateway = await takeGateway({
      pluginFolder: packageFolder,
      modelUrl: model.url,
      clawdtalkServer: carrier.url,
      waitForLines: false,
      settings: {
        lines: {
          second: { apiKey: SECOND_KEY, server: carrier.url, greeting: "The second line speaking." },
          noisy: ofPractice(noisy.url),
          busy: ofPractice(busy.url),
          rivals: ofPractice(rivals.url),
          down: ofPractice(`http://127.0.0.1:${latePort}`),
          wrong: { apiKey: WRONG_KEY, server: noisy.url },
          keyless: { server: noisy.url },
        },
      },
    });
    await Promise.all([carrier.waitForClient({ count: 2, ...wait }), noisy.waitForClient(wait)]);
    await vi.waitFor(async () => expect((await gateway.status()).warm).toBe(true), wait30);
  });
  afterAll(async () => {
    await gateway?.stop();
    await Promise.all([carrier, noisy, busy, rivals, late, model].map((server) => server?.close()));
  });

  const wait30 = { timeout: 30_000, interval: 100 };
  async function lineStatus(name: string) {
    const line = (await gateway.status()).lines.find((candidate) => candidate.name === name);
    if (line === undefined) throw new Error(`There is no line ${name}.`);
    return line;
  }
  /** What `openclaw phone logs` shows. */
  async function logs(): Promise<string> {
    const answer = await fetch(`${gateway.url}/switchboard/logs`, {
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    return ((await answer.json()) as { lines: string[] }).lines.join("\n");
  }
  async function expectTalk(server: ClawdTalkPractice): Promise<void> {
    const call = await server.ring();
    expect((await call.say("What is the weather?").result(wait)).text).toContain("coat");
    call.hangUp();
  }
  /** The numbers of the connections on which `said` was answered. */
  const connectionsFor = (said: { requestId: string }) =>
    new Set(
      carrier.frames
        .filter(({ message }) => (message as { request_id?: string }).request_id === said.requestId)
        .map(({ connection }) => connection),
    );

  it("answers each of two lines at one carrier on its own connection, with its own greeting", async () => {
    const [one, two] = [
      await carrier.ring({ key: PRACTICE_API_KEY }),
      await carrier.ring({ key: SECOND_KEY }),
    ];
    expect((await one.heardGreeting(wait)).text).toContain("Robin");
    expect((await two.heardGreeting(wait)).text).toBe("The second line speaking.");
    const turns = [one.say("What is the weather?"), two.say("What is on my list?")] as const;
    await Promise.all(turns.map((turn) => turn.result(wait)));
    const [connectionsOfOne, connectionsOfTwo] = turns.map(connectionsFor);
    expect(connectionsOfOne?.size).toBe(1);
    expect(connectionsOfTwo?.size).toBe(1);
    expect(connectionsOfOne).not.toEqual(connectionsOfTwo);
    one.hangUp();
    two.hangUp();
  });

  it("says why a line is not connected, and when it is tried again", async () => {
    const { state, detail } = await lineStatus("busy");
    expect(state).toBe("reconnecting");
    expect(detail).toContain("the server has too many requests (HTTP 429)");
    const nextTry = Date.parse(/Next try at (\S+Z)/.exec(detail)?.[1] ?? "");
    expect(nextTry - (busy.handshakes[0]?.at ?? Number.NaN)).toBeGreaterThanOrEqual(60_000);
    expect(await lineStatus("down")).toMatchObject({
      state: "reconnecting",
      detail: expect.stringContaining(`nothing answers at 127.0.0.1:${latePort} (connection refused)`),
    });
    late = await startClawdTalkPractice({ ownerNumber: OWNER, port: latePort });
  });

  it("goes on with a call in the middle of frames that mean nothing", async () => {
    const call = await noisy.ring();
    await call.say("What is the weather?").result(wait);
    noisy.sendBrokenJson();
    noisy.sendRaw("null");
    noisy.sendRaw('{"type":7}');
    noisy.sendUnknownEvent();
    for (const event of [
      "context_request",
      "call.started",
      "deep_tool_request",
      "call.ended",
      "sms.received",
      "approval.responded",
      "walkie_request",
      "mission.call_completed",
    ] as const) {
      noisy.sendIncomplete(event);
    }
    expect((await call.say("What is on my list?").result(wait)).text).toContain("deadline");
    call.hangUp();
    const said = await logs();
    for (const line of [
      'ClawdTalk line "noisy": ignored a frame that is not JSON.',
      'ClawdTalk line "noisy": ignored a frame that is not a JSON object.',
      'ClawdTalk line "noisy": ignored a message without a type.',
      'ClawdTalk line "noisy": ignored the unknown event "practice.never_heard_of".',
      'ClawdTalk line "noisy": ignored deep_tool_request without a usable call_id, request_id.',
      'ClawdTalk line "noisy": ignored sms.received without a usable from, message_id.',
    ]) {
      expect(said.includes(line), line).toBe(true);
    }
    const { counters } = await lineStatus("noisy");
    expect(counters).toMatchObject({ unreadableMessages: 11, unknownEvents: 1 });
  });

  it("answers each request once when events come twice and in the wrong order", async () => {
    noisy.faults.duplicateEvents = true;
    noisy.faults.reorderEvents = true;
    const call = await noisy.ring();
    await call.heardGreeting(wait);
    const together = [call.say("What is the weather?"), call.say("What is on my list?")];
    await Promise.all(together.map((turn) => turn.result(wait)));
    expect((await call.say("And tell me a story").result(wait)).text).toContain("window");
    call.hangUp();
    noisy.behave();
    expect(noisy.violations).toEqual([]);
    expect((await lineStatus("noisy")).counters).toMatchObject({ duplicateRequests: 3 });
  });

  it("cuts a connection that brings a frame of 5 MB", async () => {
    callOfNoisy = await noisy.ring();
    await callOfNoisy.say("What is the weather?").result(wait);
    noisy.sendHugeFrame();
    await vi.waitFor(async () => expect((await lineStatus("noisy")).state).toBe("reconnecting"), wait30);
    expect((await lineStatus("noisy")).detail).toContain("the server sent a frame larger than 1048576 bytes");
  });

  it("places a call on the line that is named", async () => {
    const placed = await execa(
      process.execPath,
      [
        join(packageFolder, "dist", "scripts", "call.js"),
        ...["--line", "second", "--to", STRANGER, "--purpose", "Ask for the time.", "--json"],
      ],
      {
        env: { OPENCLAW_STATE_DIR: gateway.stateDir, HOME: gateway.stateDir, ...WINDOWS_NEEDS },
        extendEnv: false,
        reject: false,
      },
    );
    expect(placed.exitCode, placed.stderr).toBe(0);
    const call = await carrier.nextOutbound(wait);
    const turn = call.say("Who is this?");
    await turn.result(wait);
    const own = (await carrier.ring({ key: SECOND_KEY })).say("What is the weather?");
    await own.result(wait);
    expect(connectionsFor(turn)).toEqual(connectionsFor(own));
    call.hangUp();
    own.call.hangUp();
  });

  it("comes back after a frame of 5 MB, and the call goes on", async () => {
    await vi.waitFor(async () => expect((await lineStatus("noisy")).state).toBe("connected"), wait30);
    expect((await callOfNoisy.say("What is on my list?").result(wait)).text).toContain("deadline");
    callOfNoisy.hangUp();
  });

  it("connects when a server that was down has come up", async () => {
    await late?.waitForClient({ timeoutMs: 30_000 });
    if (late !== undefined) await expectTalk(late);
  });

  it("gives a line up that another client takes over three times in a row", async () => {
    await vi.waitFor(async () => expect((await lineStatus("rivals")).state).toBe("stopped"), wait30);
    expect((await lineStatus("rivals")).detail).toContain("another client took over with the same key");
    expect(rivals.clients).toHaveLength(3);
  });

  it("says of every line in openclaw phone status how it is and what to do", async () => {
    const shown = await gateway.openclaw(["phone", "status"]);
    expect(shown.exitCode).toBe(1);
    for (const sentence of [
      "clawdtalk (clawdtalk): connected",
      "second (clawdtalk): connected",
      "noisy (clawdtalk): connected",
      "down (clawdtalk): connected",
      "rivals (clawdtalk): stopped",
      "Look for an old ClawdTalk daemon, a second gateway with this line",
      "wrong (clawdtalk): refused",
      "the server refused the key cc_live_…0000",
      'The line "keyless" has no key: set "lines.keyless.apiKey".',
    ]) {
      expect(shown.stdout.includes(sentence), `${sentence} | ${shown.stdout}`).toBe(true);
    }
    for (const secret of [PRACTICE_API_KEY, SECOND_KEY, WRONG_KEY, gateway.token]) {
      expect((shown.stdout + shown.stderr + (await logs()) + gateway.output()).includes(secret)).toBe(false);
    }
  });

  it("keeps its settings when broken ones are written, and takes up a corrected key", async () => {
    const file = join(gateway.stateDir, "openclaw.json");
    const config = JSON.parse(await readFile(file, "utf8"));
    const { lines } = config.plugins.entries.switchboard.config;
    const write = async (changes: object) => {
      const settings = { ...config.plugins.entries.switchboard.config, ...changes };
      const entry = { ...config.plugins.entries.switchboard, config: settings };
      const plugins = { ...config.plugins, entries: { switchboard: entry } };
      await writeFile(file, JSON.stringify({ ...config, plugins }, null, 2), { mode: 0o600 });
    };
    await write({ ownerNumbers: 5, progressAfterMs: "soon" });
    await vi.waitFor(() => expect(gateway.output()).toContain("switchboard.config.ownerNumbers"), wait30);
    await expectTalk(noisy);
    const before = carrier.clients.length;
    await write({ lines: { ...lines, wrong: { ...lines.wrong, apiKey: RIGHT_KEY } } });
    await vi.waitFor(async () => expect((await lineStatus("wrong")).state).toBe("connected"), wait30);
    const call = await noisy.ring({ key: RIGHT_KEY });
    expect((await call.say("What is the weather?").result(wait)).text).toContain("coat");
    call.hangUp();
    // Every line was taken down and connected anew, once.
    await carrier.waitForClient({ count: before + 2, ...wait });
    await expectTalk(carrier);
    expect(carrier.clients).toHaveLength(before + 2);
    expect(await lineStatus("rivals")).toMatchObject({ state: "connected" });
  });

  it("broke no rule of the wire", () => {
    for (const server of [carrier, noisy, busy, rivals, late]) expect(server?.violations).toEqual([]);
  });
});

describe("a gateway whose phone is not set up", () => {
  let gateway: PhoneGateway;
  let model: PracticeModel;
  beforeAll(async () => {
    model = await startPracticeModel();
    gateway = await takeGateway({
      pluginFolder: packageFolder,
      modelUrl: model.url,
      settings: { ownerNumbers: ["12"], language: "!!", greting: "Hello" },
    });
  });
  afterAll(async () => {
    await gateway?.stop();
    await model?.close();
  });

  it("starts, and says what is missing and what is wrong", async () => {
    await vi.waitFor(async () => expect((await gateway.status()).problems.length).toBeGreaterThan(0), {
      timeout: 20_000,
      interval: 100,
    });
    const { lines, problems } = await gateway.status();
    expect(lines).toEqual([]);
    for (const problem of [
      "No phone line is configured.",
      '"12" is not a phone number with its country code',
      '"language" in plugins.entries.switchboard.config',
      '"greting" in plugins.entries.switchboard.config',
    ]) {
      expect(
        problems.some((said) => said.includes(problem)),
        problem,
      ).toBe(true);
      expect(gateway.output().includes(problem), problem).toBe(true);
    }
  });
});
