/**
 * ClawCall on a real gateway when the network, the service or a second listener fails: what a caller hears, what is
 * swallowed, and what the line says of it. The tests share one line and follow each other.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ClawCallPracticeCall } from "../../../plugin/practice/clawcall-caller.ts";
import type { ClawCallAnswer } from "../../../plugin/practice/clawcall-record.ts";
import { PRACTICE_CLAWCALL_KEY } from "../../../plugin/practice/clawcall-server.ts";
import { type ModelRequest, saidNow } from "../../../plugin/practice/model-script.ts";
import { phrase } from "../../../plugin/speech/phrases.ts";
import { type ClawCallLine, startClawCallLine } from "../clawcall-line.ts";
import { ANSWERS, Askers, answerTo, OBJECTIVE, question, wordsHeard } from "../clawcall-questions.ts";
import { promptOf, requestsAbout } from "../phone-line.ts";

const HISTORY = "/api/v1/calls/history";
const wait = { timeoutMs: 20_000 };
const soon = { timeout: 20_000, interval: 100 };
let line: ClawCallLine;

beforeAll(async () => {
  line = await startClawCallLine({
    // Whoever speaks does not wait for warm caches either.
    waitForLines: false,
    settings: { toolRules: { "exec:echo asked*": "ask" }, approvals: { timeoutSeconds: 10 } },
    server: {
      // What the service says while somebody waits is proven elsewhere; here a slow machine must change nothing.
      timings: { fillerAfterMs: 120_000, silenceMs: 120_000 },
    },
    model: {
      script: [
        {
          when: saidNow(/leave a note/),
          answer: "",
          toolCall: { name: "exec", arguments: { command: "echo asked >> note.txt" } },
        },
        ...ANSWERS,
      ],
    },
  });
  await line.server.waitForListener({ timeoutMs: 60_000 });
});
afterAll(async () => await line?.close());

const askers = new Askers(() => line);
const answersOn = (call: ClawCallPracticeCall) =>
  line.server.answers.filter(({ callSid }) => callSid === call.callSid);
const wasHeard = ({ heard }: ClawCallAnswer) => heard;
async function status() {
  const { lines, problems } = await line.gateway.status();
  const [only] = lines;
  if (only === undefined || lines.length > 1) throw new Error(`There are ${lines.length} lines.`);
  return { ...only, problems };
}

describe("a network that fails", () => {
  it("loses the words that were on their way, counts them, and brings the next ones", async () => {
    const call = await askers.dial();
    await askers.ask(call, "one");
    line.server.faults.dropListenResponses = 1;
    const lost = call.say(question("swallowed"));
    await vi.waitFor(async () => expect((await status()).counters.lostPolls).toBe(1), soon);
    expect(line.server.lostMessages).toEqual([lost.message]);
    await askers.ask(call, "two");
    expect(requestsAbout(line.model, question("swallowed"))).toEqual([]);
    expect(await status()).toMatchObject({ state: "connected", counters: { reconnects: 1 } });
    call.hangUp();
  });

  it("brings an answer once, whatever keeps it from being taken, and never into a newer slot", async () => {
    const kinds = ["status", "drop", "cut", "hang"] as const;
    const calls = await Promise.all([...kinds, "newer"].map(() => askers.dial()));
    line.server.faults.routes = calls.map(({ callSid }, index) => ({
      path: `/api/v1/calls/respond/${callSid}`,
      kind: kinds[index] ?? "hang",
      times: kinds[index] === "status" ? 2 : 1,
    }));
    const turns = calls.map((call, index) => call.say(question(`fault${index}`)));
    const [impatient, older] = [calls.at(-1), turns.at(-1)];
    if (impatient === undefined || older === undefined) throw new Error("There is no call.");
    await line.server.until(
      () => line.server.requests.find(({ path }) => path.endsWith(impatient.callSid)),
      "the answer that nobody takes",
      wait,
    );
    await askers.ask(impatient, "newer");
    await Promise.all(turns.slice(0, -1).map((turn) => turn.result(wait)));
    await vi.waitFor(async () => expect((await status()).counters.retriedAnswers).toBe(5), soon);
    for (const [index, call] of calls.slice(0, -1).entries()) {
      expect(turns.map(wordsHeard)[index], kinds[index]).toEqual([answerTo(`fault${index}`)]);
      expect(answersOn(call).filter(wasHeard), kinds[index]).toHaveLength(1);
      await askers.ask(call, `after${index}`);
    }
    expect(wordsHeard(older)).toEqual([]);
    expect(answersOn(impatient).map(({ response }) => response)).toEqual([answerTo("newer")]);
    expect(askers.violations()).toEqual([]);
    for (const call of calls) call.hangUp();
  });

  it("lets nobody in whose call cannot be looked up", async () => {
    const before = line.model.requests.length;
    const call = await askers.dial();
    line.server.faults.routes = [{ path: HISTORY, kind: "drop", times: 99 }];
    const turn = call.say(question("unheard"));
    await call.ended(wait);
    line.server.behave();
    expect(wordsHeard(turn)).toEqual([phrase("unverified", "en")]);
    expect(call.end).toMatchObject({ by: "agent", reason: "end_call" });
    expect(line.model.requests.length).toBe(before);
  });

  it("says and runs nothing before a slow look-up is there", async () => {
    const asked = line.server.requests.length;
    const call = await askers.dial();
    line.server.faults.latencyMs = 900;
    const turn = call.say(question("patient"));
    await turn.result(wait);
    line.server.behave();
    expect(wordsHeard(turn)).toEqual([answerTo("patient")]);
    const lookUp = line.server.requests.slice(asked).find(({ path }) => path === HISTORY);
    const [run] = requestsAbout(line.model, question("patient"));
    expect((run?.at ?? 0) - (lookUp?.at ?? 0)).toBeGreaterThanOrEqual(900);
    await askers.ask(call, "afterwards");
    call.hangUp();
  });
});

describe("a yes that nobody gives", () => {
  it("is told to whoever speaks, asked for through the gateway, and means no", async () => {
    const call = await askers.dial();
    const { text } = await call.say("Please leave a note").result(wait);
    expect(text).toBe(`${phrase("askingOwner", "en")} ${phrase("stillWorking", "en")}`);
    const isAnswer = ({ lastRole, lastUserText }: ModelRequest) =>
      lastRole === "tool" && lastUserText.includes("leave a note");
    const { lastText } = await line.model.until(
      () => line.model.requests.find(isAnswer),
      "what the model is told",
      { timeoutMs: 35_000 },
    );
    expect(lastText).toContain("did not answer in time");
    const note = readFile(join(line.gateway.stateDir, "workspace", "note.txt"), "utf8");
    await expect(note).rejects.toThrow("ENOENT");
    call.hangUp();
  });
});

describe("messages that come twice and in another order", () => {
  it("are answered once each, with one model call", async () => {
    const calls = await Promise.all(Array.from({ length: 4 }, () => askers.dial()));
    Object.assign(line.server.faults, { duplicateMessages: calls.length, reorderMessages: true });
    const turns = calls.map((call, index) => call.say(question(`double${index}`)));
    await Promise.all(turns.map((turn) => turn.result(wait)));
    line.server.behave();
    for (const [index, call] of calls.entries()) {
      expect(answersOn(call).map(({ response }) => response)).toEqual([answerTo(`double${index}`)]);
      expect(requestsAbout(line.model, question(`double${index}`))).toHaveLength(1);
      call.hangUp();
    }
    expect((await status()).counters.duplicateMessages).toBe(calls.length);
    expect(askers.violations()).toEqual([]);
  });
});

describe("what is found out afterwards", () => {
  it("is somebody else who listens with the same key, and a third party who hung up", async () => {
    const [stranger, call] = [await askers.thirdPartyCall(), await askers.dial()];
    await askers.ask(stranger, "beforehand");
    await askers.ask(call, "ours");
    const answerStolen = await standInFront();
    const stolen = call.say(question("stolen"));
    await answerStolen("I am somebody else.");
    expect(wordsHeard(stolen)).toEqual(["I am somebody else."]);
    await askers.ask(call, "again");
    call.hangUp();
    stranger.hangUp();
    await vi.waitFor(
      async () =>
        expect((await status()).problem).toContain("Somebody else listens with the same ClawCall key"),
      soon,
    );
    expect((await status()).problem).toContain(call.callSid);
    expect((await status()).problem).not.toContain(stranger.callSid);
    const own = await askers.dial();
    let looks = 0;
    await vi.waitFor(async () => {
      looks += 1;
      const { message } = await askers.ask(own, `look${looks}`);
      const prompts = requestsAbout(line.model, message.text).map(promptOf).join();
      expect(prompts.includes(stranger.callSid), "the end of the call").toBe(true);
      expect(prompts.includes(OBJECTIVE), "its objective").toBe(true);
      expect(prompts.includes(question("beforehand")), "what was said").toBe(true);
    }, soon);
    own.hangUp();
  });
});

/** Somebody else's poll stands before the gateway's now; returns how its message is answered. */
async function standInFront(): Promise<(response: string) => Promise<void>> {
  const { server } = line;
  const request = async (path: string, body?: object) => {
    const response = await fetch(`${server.url}/api/v1/calls/${path}`, {
      headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return (await response.json()) as { call_sid?: string };
  };
  const standing = server.listens.length;
  const poll = request("listen?timeout=20");
  await server.until(() => server.listens[standing + 1], "the gateway's next poll", wait);
  return async (response) => {
    const { call_sid } = await poll;
    await request(`respond/${call_sid}`, { response, end_call: false });
  };
}

describe("a line that is taken down and set up again", () => {
  it("keeps one listener and its calls when a setting is changed", async () => {
    const { server } = line;
    const call = await askers.dial();
    await askers.ask(call, "unchanged");
    const stranger = await askers.thirdPartyCall();
    const [broken, losses] = [server.violations.length, server.lostMessages.length];
    const last = server.listens.length - 1;
    const change = await beginChange({ turnTimeoutMs: 24_000 });
    const others = await askers.ringDuring(change.done(), "meanwhile");
    await askers.expectAllHeard(others);
    await askers.ask(call, "changed");
    await askers.expectStrangersSession(stranger, "stranger1");
    expect(askers.violations(broken)).toEqual([]);
    expect(server.lostMessages.slice(losses)).toEqual([]);
    expect(server.listens.slice(last).filter(({ abandoned }) => abandoned)).toEqual([]);
    for (const one of [call, stranger, ...others]) one.hangUp();
  });

  it("is off for good when its key is refused, and says what to do", async () => {
    const { server } = line;
    server.faults.refuseKey = true;
    await vi.waitFor(async () => expect((await status()).state).toBe("refused"), soon);
    const { detail } = await status();
    expect(detail).toContain("CLAWCALL_API_KEY");
    expect(detail).not.toContain(PRACTICE_CLAWCALL_KEY);
    const polls = () => server.requests.filter(({ path }) => path === "/api/v1/calls/listen").length;
    const before = polls();
    server.behave();
    // The first try after any other failure comes within 2 s.
    await pause(2_500);
    expect(polls()).toBe(before);
  });

  it("listens once, and says so, when two lines have the same key", async () => {
    const { server } = line;
    const [broken, call] = [server.violations.length, await askers.dial()];
    const early = call.say(question("early"));
    const change = await beginChange({
      lines: {
        clawcall: { apiKey: PRACTICE_CLAWCALL_KEY, server: server.url },
        twin: { carrier: "clawcall", apiKey: PRACTICE_CLAWCALL_KEY, server: server.url },
      },
    });
    await change.done();
    await early.result(wait);
    expect(wordsHeard(early)).toEqual([answerTo("early")]);
    await askers.ask(call, "once");
    expect((await status()).problems.join()).toContain('"clawcall" and "twin" have the same key');
    expect(askers.violations(broken)).toEqual([]);
    call.hangUp();
  });
});

/**
 * Writes settings of the plugin into the gateway's config; resolves when the plugin is being replaced. `done` resolves
 * when the line is another one, and connected.
 */
async function beginChange(changes: object): Promise<{ done(): Promise<void> }> {
  const before = await status();
  const file = join(line.gateway.stateDir, "openclaw.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  Object.assign(config.plugins.entries.switchboard.config, changes);
  const write = () => writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  const refusals = () => line.gateway.output().split("still has active retained work").length;
  let refused = refusals();
  await write();
  // While one plugin gives way to the other, neither answers.
  await vi.waitFor(
    async () => {
      // The gateway refuses as long as a turn is ending, and wants to be told again.
      if (refusals() > refused) {
        refused = refusals();
        await write();
      }
      const isOld = await status().then(
        ({ since }) => since === before.since,
        () => false,
      );
      expect(isOld).toBe(false);
    },
    { ...soon, interval: 30 },
  );
  return {
    done: () =>
      vi.waitFor(async () => {
        const { state, since } = await status();
        expect({ state, isNew: since !== before.since }).toEqual({ state: "connected", isNew: true });
      }, soon),
  };
}
