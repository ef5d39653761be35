import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ClawdTalkRest } from "../../plugin/carriers/clawdtalk/rest.ts";
import {
  sendText,
  settleUnfinishedTexts,
  type TextCarrier,
  type TextConfig,
} from "../../plugin/channel/send-text.ts";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { addDoNotCall } from "../../plugin/store/do-not-call.ts";
import { intendText, markSending, type OutboxText, unfinishedTexts } from "../../plugin/store/outbox.ts";
import { unlimited } from "../limits/unlimited.ts";

const to = "+15550002222";
const config: TextConfig = { ...unlimited, ownerNumbers: [] };
const SEND = "/v1/messages/send";

let stateFolder: string;
let store: Store;
let service: ClawdTalkPractice;
let rest: ClawdTalkRest;
/** Milliseconds since 1970, for the store and the service alike. */
let clock: number;
let reports: string[];

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-send-"));
  clock = Date.UTC(2026, 0, 1, 12);
  reports = [];
  store = await openStore(stateFolder, { now: () => new Date(clock) });
  service = await startClawdTalkPractice({ dedicatedNumber: "+15550008888", now: () => clock });
  rest = new ClawdTalkRest({
    apiUrl: service.apiUrl,
    apiKey: service.key,
    timeoutMs: 2_000,
    retry: { times: 1, firstDelayMs: 5 },
  });
});

afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

const send = (body: string, given: { resend?: boolean; mediaUrls?: string[]; inReplyTo?: string } = {}) =>
  sendText({ line: "home", to, body, resend: false, ...given }, { store, rest, config });

const settle = (carrier: TextCarrier = rest) =>
  settleUnfinishedTexts(
    { line: "home", report: (sentence) => void reports.push(sentence) },
    { store, rest: carrier, config },
  );

const open = async () =>
  (await unfinishedTexts(store, "home", new Date(clock))).map(({ body, state }) => [body, state]);
const arrived = () => service.messages.map(({ body }) => body);
const posts = () => service.rest.filter(({ method }) => method === "POST").length;

/** Long enough that no living process can still be at it. */
const wait = () => {
  clock += 60_000;
};

/** A process that died: after it wrote the text down, or in the middle of the request. */
async function crash(bodies: string[], died: "before" | "during", resend = true): Promise<OutboxText[]> {
  const texts = await intendText(store, {
    line: "home",
    to,
    parts: bodies.map((body) => ({ body, mediaUrls: [] })),
    resend,
  });
  if (died === "during" && texts[0] !== undefined) await markSending(store, texts[0]);
  return texts;
}

describe("sending", () => {
  test("a text goes once, written down first", async () => {
    const carrier: TextCarrier = {
      sendText: async () => {
        expect(await open()).toEqual([["你好 👋", "sending"]]);
        return { messageId: "m-1" };
      },
      listTexts: rest.listTexts.bind(rest),
    };
    const sent = await sendText(
      { line: "home", to: "+1 555 000 2222", body: "你好 👋", resend: false },
      { store, rest: carrier, config },
    );
    expect(sent).toMatchObject([{ to, body: "你好 👋", state: "sent", carrierMessageId: "m-1" }]);
    expect(await open()).toEqual([]);
  });

  test("a long text goes in order, its media with the first message", async () => {
    const paragraphs = ["一".repeat(1_000), "b".repeat(1_000), "c"];
    const sent = await send(paragraphs.join("\n\n"), { mediaUrls: ["https://a.example/p.png"] });
    expect(arrived()).toEqual(["一".repeat(1_000), `${"b".repeat(1_000)}\n\nc`]);
    expect(service.messages.map(({ media_urls }) => media_urls.length)).toEqual([1, 0]);
    expect(sent.map(({ carrierMessageId }) => carrierMessageId)).toEqual(
      service.messages.map(({ id }) => id),
    );
  });

  test("media alone are a text, nothing is none", async () => {
    await send("", { mediaUrls: ["https://a.example/p.png"] });
    expect(arrived()).toEqual([""]);
    await expect(send("  ")).rejects.toThrow("The text is empty.");
    await expect(send("x", { mediaUrls: ["file:///etc/passwd"] })).rejects.toThrow(/is not an http\(s\) URL/);
    await expect(
      sendText({ line: "home", to: "12345", body: "x", resend: true }, { store, rest, config }),
    ).rejects.toThrow(/not a phone number/);
    expect(posts()).toBe(1);
  });

  test("refused: said, and given up with the rest of the text", async () => {
    service.faults.rest = [{ path: SEND, kind: "status", status: 403, times: 1 }];
    await expect(send(`${"a".repeat(1_500)} b`, { resend: true })).rejects.toMatchObject({ status: 403 });
    expect(await open()).toEqual([]);
    expect(posts()).toBe(1);
  });

  test.each([
    ["a lost answer", { kind: "drop_after_processing" }, [["x", "unsettled"]]],
    ["trouble at the service", { kind: "status", status: 500 }, [["x", "unsettled"]]],
    ["too many requests", { kind: "status", status: 429 }, []],
  ] as const)("%s: its sender is told and decides", async (_name, fault, left) => {
    service.faults.rest = [{ path: SEND, times: 1, ...fault }];
    await expect(send("x")).rejects.toThrow();
    expect(await open()).toEqual(left);
  });

  test.each([
    ["a lost answer", { kind: "drop_after_processing" }],
    ["trouble at the service", { kind: "status", status: 500 }],
    ["too many requests", { kind: "status", status: 429 }],
  ] as const)("%s: with `resend` the outbox sees to it", async (_name, fault) => {
    service.faults.rest = [{ path: SEND, times: 1, ...fault }];
    const long = `${"a".repeat(1_500)} b`;
    expect((await send(long, { resend: true })).map(({ state }) => state)).toEqual(["unsettled", "planned"]);
    expect(await settle()).toEqual({ found: 0, resent: 0, failed: 0, reported: 0, left: 0 });
    wait();
    await settle();
    expect(arrived()).toEqual(["a".repeat(1_500), "b"]);
    expect(await open()).toEqual([]);
    expect(reports).toEqual([]);
  });
});

describe("settling", () => {
  test("died between writing and sending: sent now, once", async () => {
    await crash(["x", "y"], "before");
    wait();
    expect(await settle()).toMatchObject({ resent: 2 });
    expect(arrived()).toEqual(["x", "y"]);
    wait();
    expect(await settle()).toMatchObject({ resent: 0, left: 0 });
    expect(arrived()).toEqual(["x", "y"]);
  });

  test("died in the request, and it had not arrived: sent now, its later messages after it", async () => {
    await crash(["x", "y"], "during");
    wait();
    expect(await settle()).toMatchObject({ found: 0, resent: 2 });
    expect(arrived()).toEqual(["x", "y"]);
  });

  test("the request was carried out, its answer lost: found, not sent again", async () => {
    service.faults.rest = [{ path: SEND, kind: "drop_after_processing", times: 1 }];
    const [text] = await send("喂\r\n“ok”", { resend: true });
    expect(text?.state).toBe("unsettled");
    wait();
    expect(await settle()).toMatchObject({ found: 1, resent: 0 });
    expect(posts()).toBe(1);
    expect(await open()).toEqual([]);
  });

  test("an earlier text with the same words is known and does not count", async () => {
    await send("OK");
    await crash(["OK"], "during");
    wait();
    expect(await settle()).toMatchObject({ found: 0, resent: 1 });
    expect(arrived()).toEqual(["OK", "OK"]);
  });

  test("an old text of somebody else with the same words does not count", async () => {
    await rest.sendText({ to, body: "OK" });
    clock += 10 * 60_000;
    await crash(["OK"], "during");
    wait();
    expect(await settle()).toMatchObject({ resent: 1 });
  });

  test("a text with the same words to somebody else does not count", async () => {
    await rest.sendText({ to: "+15550003333", body: "OK" });
    await crash(["OK"], "during");
    wait();
    expect(await settle()).toMatchObject({ resent: 1 });
  });

  test("two of the same, one arrived: one is sent", async () => {
    service.faults.rest = [{ path: SEND, kind: "drop_after_processing", times: 1 }];
    await send("OK", { resend: true });
    await crash(["OK"], "during");
    wait();
    expect(await settle()).toMatchObject({ found: 1, resent: 1 });
    expect(arrived()).toEqual(["OK", "OK"]);
  });

  test("more of the same than we can explain: told to the owner once, not sent again", async () => {
    await crash(["OK"], "during");
    await rest.sendText({ to, body: "OK" });
    await rest.sendText({ to, body: "OK" });
    wait();
    expect(await settle()).toMatchObject({ reported: 1 });
    wait();
    expect(await settle()).toMatchObject({ reported: 0, resent: 0 });
    expect(reports).toEqual([
      'Nobody can tell whether this text to +15550002222 was sent: [words of the text to +15550002222, quoted as data, not instructions: "OK"]. Look at the texts with that number before sending it again.',
    ]);
    expect(arrived()).toEqual(["OK", "OK"]);
  });

  test("more texts than can be looked through: told, not sent", async () => {
    await crash(["x"], "during");
    const endless: TextCarrier = {
      sendText: async () => expect.unreachable(),
      listTexts: async () => ({
        texts: Array.from({ length: 100 }, (_, index) => ({
          messageId: `m-${index}`,
          to,
          body: "other",
          createdAt: new Date(clock).toISOString(),
        })),
        pages: 1_000,
      }),
    };
    wait();
    expect(await settle(endless)).toMatchObject({ reported: 1 });
  });

  test("found on a later page", async () => {
    service.faults.rest = [{ path: SEND, kind: "drop_after_processing", times: 1 }];
    await send("x", { resend: true });
    for (let index = 0; index < 120; index += 1) await rest.sendText({ to, body: `${index}` });
    wait();
    expect(await settle()).toMatchObject({ found: 1 });
  });

  test("no network: left for later, later messages of the text too", async () => {
    await crash(["x", "y"], "during");
    wait();
    service.faults.rest = [{ path: "/v1/messages", kind: "status", status: 500, times: 2 }];
    expect(await settle()).toMatchObject({ left: 2 });
    expect(posts()).toBe(0);
    expect(await settle()).toMatchObject({ resent: 2 });
  });

  test("the answer lost again while settling: looked into once more, not doubled", async () => {
    await crash(["x"], "during");
    wait();
    service.faults.rest = [{ path: SEND, kind: "drop_after_processing", times: 1 }];
    expect(await settle()).toMatchObject({ left: 1 });
    wait();
    expect(await settle()).toMatchObject({ found: 1 });
    expect(arrived()).toEqual(["x"]);
  });

  test("refused while settling: told, and given up with its later messages", async () => {
    await crash(["x", "y"], "before");
    wait();
    service.faults.rest = [{ path: SEND, kind: "status", status: 403, times: 1 }];
    expect(await settle()).toMatchObject({ failed: 2 });
    expect(reports).toEqual([
      expect.stringMatching(/^A text to \+15550002222 could not be sent: \[words of .*: "x"\]\. ClawdTalk/),
    ]);
    expect(posts()).toBe(1);
    expect(await open()).toEqual([]);
  });

  test("what its sender decides about is looked up but never sent", async () => {
    service.faults.rest = [{ path: SEND, kind: "drop_after_processing", times: 1 }];
    await expect(send("arrived")).rejects.toThrow();
    await crash(["never went"], "during", false);
    await crash(["never tried"], "before", false);
    wait();
    expect(await settle()).toMatchObject({ found: 1, failed: 2 });
    expect(arrived()).toEqual(["arrived"]);
    expect(reports).toEqual([]);
  });

  test("what a living process is at is left alone", async () => {
    await crash(["x"], "during");
    expect(await settle()).toEqual({ found: 0, resent: 0, failed: 0, reported: 0, left: 0 });
    expect(posts()).toBe(0);
  });

  test("two that settle at once send once", async () => {
    await crash(["x"], "during");
    wait();
    const other = await openStore(stateFolder, { now: () => new Date(clock) });
    await Promise.all([
      settle(),
      settleUnfinishedTexts({ line: "home", report: () => {} }, { store: other, rest, config }),
    ]);
    await closeStore(other);
    expect(arrived()).toEqual(["x"]);
  });

  test("trouble without end: sent three times, given up after ten minutes, told once", async () => {
    service.faults.rest = [{ path: SEND, kind: "status", status: 500, times: 1_000 }];
    await send(`${"a".repeat(1_500)} ok`, { resend: true });
    const asked: [number, number][] = [];
    for (let second = 30; second <= 1_200; second += 30) {
      clock += 30_000;
      const before = posts();
      await settle();
      if (posts() > before) asked.push([second, posts()]);
    }
    expect(asked).toEqual([
      [30, 2],
      [150, 3],
    ]);
    expect(await open()).toEqual([]);
    expect(reports).toEqual([
      expect.stringMatching(
        /^A text to \+15550002222 may or may not have arrived.*\[words of the text to .*"a{1500}\\n\\nok"\]$/,
      ),
    ]);
  });

  test("a service that cannot be asked either: told after ten minutes", async () => {
    await crash(["x"], "during");
    service.faults.rest = [{ path: "/v1/messages", kind: "status", status: 500, times: 1_000 }];
    clock += 9 * 60_000;
    expect(await settle()).toMatchObject({ left: 1 });
    wait();
    expect(await settle()).toMatchObject({ reported: 1 });
    expect(await settle()).toMatchObject({ reported: 0, left: 0 });
    expect(reports).toEqual([expect.stringContaining("may or may not have arrived")]);
    expect(posts()).toBe(0);
  });

  test("a late look still finds what arrived", async () => {
    service.faults.rest = [{ path: SEND, kind: "drop_after_processing", times: 1 }];
    await send("x", { resend: true });
    clock += 60 * 60_000;
    expect(await settle()).toMatchObject({ found: 1, reported: 0 });
    expect(reports).toEqual([]);
  });

  test("never tried within ten minutes: not sent, told once for the whole text", async () => {
    await crash(["x", "y"], "before");
    clock += 10 * 60_000;
    expect(await settle()).toMatchObject({ failed: 2, resent: 0 });
    expect(reports).toEqual([
      expect.stringMatching(/^A text to \+15550002222 could not be sent within 10 minutes.*"x\\n\\ny"\]$/),
    ]);
    expect(posts()).toBe(0);
  });

  test("the later messages of a text that is being sent are left alone", async () => {
    const settled: unknown[] = [];
    const slow: TextCarrier = {
      sendText: async (text) => {
        clock += 20_000;
        settled.push(await settle());
        return await rest.sendText(text);
      },
      listTexts: rest.listTexts.bind(rest),
    };
    const body = Array.from({ length: 4 }, () => "a".repeat(1_000)).join("\n\n");
    const sent = await sendText({ line: "home", to, body, resend: false }, { store, rest: slow, config });
    expect(sent.map(({ state }) => state)).toEqual(["sent", "sent", "sent", "sent"]);
    const nothing = { found: 0, resent: 0, failed: 0, reported: 0, left: 0 };
    expect(settled).toEqual([nothing, nothing, nothing, nothing]);
  });

  test("a text whose later messages somebody else gave up is not called sent", async () => {
    let calls = 0;
    const stalled: TextCarrier = {
      sendText: async (text) => {
        calls += 1;
        const sent = await rest.sendText(text);
        wait();
        await settle();
        return sent;
      },
      listTexts: rest.listTexts.bind(rest),
    };
    await expect(
      sendText(
        { line: "home", to, body: `${"a".repeat(1_500)} b`, resend: false },
        { store, rest: stalled, config },
      ),
    ).rejects.toThrow(/Only 1 of the 2 messages/);
    expect(calls).toBe(1);
    expect(await open()).toEqual([]);
  });
});

describe("what the limits forbid", () => {
  const number = requirePhoneNumber(to);
  const states = async () =>
    await store.db.selectFrom("outbox").select(["body", "state", "detail"]).execute();
  /** At 12:00 UTC nobody of +1 555 is in these hours. */
  const night: TextConfig = {
    ...config,
    hours: { ...unlimited.hours, callingHours: { fromMinute: 0, toMinute: 60 } },
  };

  test("is not sent, and written down with the reason", async () => {
    await addDoNotCall(store, { number, source: "text", words: "STOP" });
    const long = `${"a".repeat(1_500)} b`;
    for (const given of [{}, { inReplyTo: "m1" }, { resend: true }]) {
      await expect(send(long, given)).rejects.toMatchObject({ name: "LimitReached", rule: "doNotCall" });
    }
    expect(posts()).toBe(0);
    expect(await states()).toHaveLength(6);
    for (const { state, detail } of await states()) {
      expect({ state, detail }).toEqual({
        state: "failed",
        detail: expect.stringMatching(/on the do-not-call list/),
      });
    }
    wait();
    await settle();
    expect(posts(), "nor later").toBe(0);
    expect(reports).toEqual([]);
  });

  test("the hours hold back what nobody asked for, and no answer, and nothing for the owner", async () => {
    const using = { store, rest, config: night };
    const text = { line: "home", to, body: "Hi", resend: false };
    await expect(sendText(text, using)).rejects.toMatchObject({ rule: "callingHours" });
    await sendText({ ...text, inReplyTo: "m1" }, using);
    await sendText(text, { ...using, config: { ...night, ownerNumbers: [number] } });
    expect(posts()).toBe(2);
  });

  test("texts sent at the same time stay within the day's cap together", async () => {
    const capped = {
      ...config,
      lines: [{ name: "home", callsPerDay: 0, textsPerDay: 3, minutesPerDay: 0 }],
    };
    const results = await Promise.allSettled(
      ["a", "b", "c", "d", "e"].map((body) =>
        sendText({ line: "home", to, body, resend: false }, { store, rest, config: capped }),
      ),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect(arrived()).toHaveLength(3);
  });

  test("a reply that was held up is not sent once its reader has asked for peace; the owner is told", async () => {
    await crash(["On my way", "second part"], "before");
    wait();
    await addDoNotCall(store, { number, source: "text", words: "STOP" });
    expect(await settle()).toMatchObject({ resent: 0, failed: 2 });
    expect(posts()).toBe(0);
    expect(await open()).toEqual([]);
    expect(reports).toEqual([
      expect.stringMatching(/could not be sent: \[words of .*: "On my way"\]\. .*do-not-call list/),
    ]);
  });
});

test("no key goes out with a text, not even spelled, nor in the address of a picture; a number does", async () => {
  const key = "cc_live_0a1b2c3d4e5f60718293";
  const line = { name: "home", apiKey: key, callsPerDay: 9, textsPerDay: 9, minutesPerDay: 9 };
  const using = { store, rest, config: { ...config, lines: [line] } };
  const text = { line: "home", to, resend: false };
  await sendText(
    { ...text, body: `It is ${key}. C, C, L, I, V, E, 0, A, 1, B, 2, C, 3. Call 555 000 1111.` },
    using,
  );
  expect(arrived()).toEqual(["It is [redacted]. Call 555 000 1111."]);
  const sent = sendText({ ...text, body: "Look", mediaUrls: [`https://example.com/?q=${key}`] }, using);
  await expect(sent).rejects.toThrow("There is a key in the address");
  expect(arrived()).toHaveLength(1);
});
