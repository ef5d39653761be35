import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  callPlaced,
  callRefused,
  callTransitions,
  callUnsettled,
  findCall,
  intendCall,
  noteCall,
  noteCallEnded,
  noteCallStarted,
  pendingIntents,
  searchCalls,
} from "../../plugin/store/calls.ts";
import { closeStore, openStore, type Store } from "../../plugin/store/database.ts";
import { markText, pendingTexts, receiveText, wasAnswered } from "../../plugin/store/inbox.ts";
import {
  intendText,
  knownCarrierMessageIds,
  markFailed,
  markReported,
  markSending,
  markSent,
  markUnsettled,
  unfinishedTexts,
} from "../../plugin/store/outbox.ts";
import { StoreError } from "../../plugin/store/store-error.ts";

const run = promisify(execFile);

let stateFolder: string;
let file: string;
let store: Store;
/** The store's clock, in milliseconds. */
let clock: number;

const open = (folder = stateFolder) => openStore(folder, { now: () => new Date(clock) });

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-store-"));
  file = path.join(stateFolder, "switchboard", "switchboard.sqlite");
  clock = Date.UTC(2026, 0, 1, 12);
  store = await open();
});

afterEach(async () => {
  await closeStore(store);
  rmSync(stateFolder, { recursive: true });
});

async function reopen(): Promise<void> {
  await closeStore(store);
  store = await open();
}

describe("the file", () => {
  test("is its owner's alone, in WAL mode, and keeps what was written", async () => {
    if (process.platform !== "win32") {
      for (const name of [file, `${file}-wal`]) expect(statSync(name).mode & 0o777, name).toBe(0o600);
      expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    }
    await receiveText(store, { line: "a", messageId: "1", from: "+15550001111", body: "喂 👋🏽\n“ok”" });
    await reopen();
    expect(await pendingTexts(store, "a")).toEqual([
      {
        line: "a",
        messageId: "1",
        from: "+15550001111",
        body: "喂 👋🏽\n“ok”",
        receivedAt: new Date(clock),
        state: "received",
        hasReply: false,
      },
    ]);
    const plain = new DatabaseSync(file);
    expect(plain.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(plain.prepare("SELECT received_at FROM inbox").get()).toEqual({
      received_at: "2026-01-01T12:00:00.000Z",
    });
    plain.close();
  });

  test("is made once by many connections of one process that open it at once", async () => {
    const folder = path.join(stateFolder, "fresh");
    const stores = await Promise.all(Array.from({ length: 8 }, () => open(folder)));
    await Promise.all(
      stores.map((one, index) =>
        receiveText(one, { line: "a", messageId: `${index}`, from: "+1", body: "x" }),
      ),
    );
    const [first] = stores;
    expect(first && (await pendingTexts(first, "a"))).toHaveLength(8);
    await Promise.all(stores.map(closeStore));
  });

  test("is made once by several processes that open it at once, and takes all they write", async () => {
    const folder = path.join(stateFolder, "fresh");
    const script = path.join(import.meta.dirname, "write-texts.ts");
    const processes = await Promise.all(
      Array.from({ length: 4 }, (_, index) => run(process.execPath, [script, folder, `${index}`, "25"])),
    );
    // No experimental warning either: people read stderr.
    for (const { stderr } of processes) expect(stderr).toBe("");
    const fresh = await open(folder);
    expect(await pendingTexts(fresh, "a")).toHaveLength(100);
    await closeStore(fresh);
  });

  test("waits while another process writes, and then goes on", async () => {
    const other = new DatabaseSync(file, { timeout: 0 });
    other.exec("BEGIN IMMEDIATE");
    const folder = path.join(import.meta.dirname, "write-texts.ts");
    const writing = run(process.execPath, [folder, stateFolder, "late", "1"]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    other.exec("COMMIT");
    other.close();
    await writing;
    expect(await pendingTexts(store, "a")).toHaveLength(1);
  });

  test("that is no database is left alone and said", async () => {
    const folder = path.join(stateFolder, "broken");
    mkdirSync(path.join(folder, "switchboard"), { recursive: true });
    writeFileSync(
      path.join(folder, "switchboard", "switchboard.sqlite"),
      "this is not a database, for sure".repeat(50),
    );
    await expect(open(folder)).rejects.toThrow(StoreError);
    await expect(open(folder)).rejects.toThrow(/damaged or not a database: move it away/);
  });

  test("of a newer Switchboard is left alone and said", async () => {
    const plain = new DatabaseSync(file);
    plain.exec("PRAGMA user_version = 99");
    plain.close();
    await expect(open()).rejects.toThrow(/written by a newer Switchboard: update this one/);
  });

  test("that cannot be made is said with its path", async () => {
    const blocked = path.join(stateFolder, "blocked");
    writeFileSync(blocked, "");
    await expect(open(blocked)).rejects.toThrow(StoreError);
    await expect(open(blocked)).rejects.toThrow(blocked);
    expect(existsSync(path.join(blocked, "switchboard"))).toBe(false);
  });
});

describe("the inbox", () => {
  const text = { line: "a", messageId: "m1", from: "+15550001111", body: "Hello" };

  test("takes a text once for each line", async () => {
    expect(await receiveText(store, text)).toBe(true);
    expect(await receiveText(store, { ...text, body: "again" })).toBe(false);
    expect(await receiveText(store, { ...text, line: "b" })).toBe(true);
    expect((await pendingTexts(store, "a")).map(({ body }) => body)).toEqual(["Hello"]);
  });

  test("gives the open texts in order, those being answered too, until they are settled", async () => {
    await receiveText(store, text);
    await receiveText(store, { ...text, messageId: "m2" });
    clock -= 1000;
    await receiveText(store, { ...text, messageId: "m0" });
    expect(await markText(store, text, "answering")).toBe(true);
    await reopen();
    const pending = async () =>
      (await pendingTexts(store, "a")).map(({ messageId, state }) => [messageId, state]);
    expect(await pending()).toEqual([
      ["m0", "received"],
      ["m1", "answering"],
      ["m2", "received"],
    ]);
    expect(await markText(store, text, "answering")).toBe(true);
    expect(await markText(store, text, "answered")).toBe(true);
    expect(await markText(store, { ...text, messageId: "m2" }, "refused", { detail: "not allowed" })).toBe(
      true,
    );
    expect(await pending()).toEqual([["m0", "received"]]);
  });

  test("lets a text only go where it may", async () => {
    await receiveText(store, text);
    expect(await markText(store, text, "answered")).toBe(false);
    expect(await markText(store, text, "received")).toBe(false);
    await markText(store, text, "answering");
    expect(await wasAnswered(store, "a", "m1")).toBe(false);
    expect(await markText(store, text, "answered")).toBe(true);
    expect(await wasAnswered(store, "a", "m1")).toBe(true);
    expect(await markText(store, text, "answering")).toBe(false);
    expect(await markText(store, { ...text, messageId: "none" }, "answering")).toBe(false);
    expect(await wasAnswered(store, "a", "none")).toBe(false);
  });

  test("tells which text has its reply written already", async () => {
    await receiveText(store, text);
    await receiveText(store, { ...text, messageId: "m2" });
    await intendText(store, {
      line: "a",
      to: text.from,
      parts: [{ body: "Hi", mediaUrls: [] }],
      inReplyTo: "m1",
      resend: true,
    });
    expect((await pendingTexts(store, "a")).map(({ messageId, hasReply }) => [messageId, hasReply])).toEqual([
      ["m1", true],
      ["m2", false],
    ]);
  });
});

describe("the outbox", () => {
  const later = () => new Date(clock + 1);

  async function intend(...bodies: string[]) {
    const texts = await intendText(store, {
      line: "a",
      to: "+15550001111",
      parts: bodies.map((body) => ({ body, mediaUrls: ["https://a.example/x.png"] })),
      resend: true,
    });
    const [first] = texts;
    if (first === undefined) throw new Error("nothing was written");
    return { first, texts };
  }

  test("holds the messages of a text, in order, until they are settled", async () => {
    const { texts } = await intend("一", "二", "三");
    expect(texts.map(({ body, sequence, state }) => [body, sequence, state])).toEqual([
      ["一", 0, "planned"],
      ["二", 1, "planned"],
      ["三", 2, "planned"],
    ]);
    expect(new Set(texts.map(({ textId }) => textId)).size).toBe(1);
    await reopen();
    const left = await unfinishedTexts(store, "a", later());
    expect(left).toEqual(texts);
    expect(left[0]?.mediaUrls).toEqual(["https://a.example/x.png"]);
    expect(await unfinishedTexts(store, "b", later())).toEqual([]);
  });

  test("a message is sent, failed, unsettled or reported, and knows its carrier's id", async () => {
    const { texts } = await intend("1", "2", "3", "4", "5");
    const ids = texts.map(({ id }) => id) as [number, number, number, number, number];
    for (const text of texts) expect(await markSending(store, text)).toBe(true);
    expect(await markSent(store, ids[0], { carrierMessageId: "carrier-1" })).toBe(true);
    expect(await markFailed(store, ids[1], "refused")).toBe(true);
    expect(await markUnsettled(store, ids[2], "no answer")).toBe(true);
    expect(await markReported(store, ids[3], "nobody knows")).toBe(true);
    expect((await unfinishedTexts(store, "a", later())).map(({ body, state }) => [body, state])).toEqual([
      ["3", "unsettled"],
      ["5", "sending"],
    ]);
    expect(await markSent(store, ids[1], { carrierMessageId: "x" })).toBe(false);
    expect(await markSent(store, ids[2], { carrierMessageId: "carrier-3" })).toBe(true);
    const known = await knownCarrierMessageIds(store, "a", ["carrier-1", "carrier-2", "carrier-3"]);
    expect([...known].sort()).toEqual(["carrier-1", "carrier-3"]);
    expect(await knownCarrierMessageIds(store, "a", [])).toEqual(new Set());
    expect(await knownCarrierMessageIds(store, "b", ["carrier-1"])).toEqual(new Set());
  });

  test("of two that clean up, one sends", async () => {
    const { first } = await intend("1");
    clock += 1000;
    const [one, other] = [first, { ...first }];
    expect(await markSending(store, one)).toBe(true);
    clock += 1000;
    expect(await markSending(store, other)).toBe(false);
  });

  test("what a living process is at is left out", async () => {
    const { first } = await intend("1");
    const before = new Date(clock);
    clock += 60_000;
    await markSending(store, first);
    expect(await unfinishedTexts(store, "a", before)).toEqual([]);
    expect(await unfinishedTexts(store, "a", later())).toHaveLength(1);
  });
});

describe("calls", () => {
  const address = { line: "a", carrierCallId: "call-1" };
  const intent = {
    line: "a",
    carrier: "clawdtalk",
    callee: "+15550002222",
    purpose: "订位",
    greeting: "您好",
  };

  test("are known before the carrier knows them", async () => {
    const id = await intendCall(store, intent);
    expect(await findCall(store, address)).toBeUndefined();
    expect(await pendingIntents(store, "a", new Date(clock))).toMatchObject([{ id, state: "intended" }]);
    expect(await pendingIntents(store, "b", new Date(clock))).toEqual([]);
    expect(await pendingIntents(store, "a", new Date(clock + 1))).toEqual([]);
    await callPlaced(store, id, { carrierCallId: "call-1" });
    await reopen();
    expect(await findCall(store, address)).toEqual({
      id,
      ...intent,
      carrierCallId: "call-1",
      direction: "outbound",
      placedHere: true,
      isTold: false,
      state: "placed",
      createdAt: new Date(clock),
    });
    expect(await pendingIntents(store, "a", new Date(clock))).toEqual([]);
  });

  test("to the owner have null for the callee; those of others never have", async () => {
    await callPlaced(store, await intendCall(store, { ...intent, callee: null }), {
      carrierCallId: "call-1",
    });
    expect((await findCall(store, address))?.callee).toBeNull();
    await noteCallStarted(store, { line: "a", carrierCallId: "call-2", direction: "outbound" });
    const other = await findCall(store, { line: "a", carrierCallId: "call-2" });
    expect(other).toMatchObject({ placedHere: false, state: "started", direction: "outbound" });
    expect(other?.callee).toBeUndefined();
  });

  test("that the carrier refused, and those whose answer was lost", async () => {
    const refused = await intendCall(store, intent);
    await callRefused(store, refused, "no dedicated number");
    const unsettled = await intendCall(store, intent);
    await callUnsettled(store, unsettled, "timed out");
    expect(await pendingIntents(store, "a", new Date(clock))).toMatchObject([
      { id: unsettled, state: "unsettled" },
    ]);
    await callPlaced(store, refused, { carrierCallId: "call-1" });
    expect(await findCall(store, address)).toBeUndefined();
    expect(await searchCalls(store, { limit: 10 })).toMatchObject([
      { id: unsettled, detail: "timed out" },
      { id: refused, state: "refused", detail: "no dedicated number" },
    ]);
  });

  test("start once and end once", async () => {
    await callPlaced(store, await intendCall(store, intent), { carrierCallId: "call-1" });
    clock += 1000;
    expect(await noteCallStarted(store, { ...address, direction: "outbound" })).toBe(true);
    expect(await noteCallStarted(store, { ...address, direction: "outbound" })).toBe(false);
    clock += 1000;
    const end = {
      ...address,
      outcome: "voicemail",
      reason: "amd",
      durationSeconds: 3.5,
      voicemailMessage: "留言",
    };
    expect(await noteCallEnded(store, end)).toBe(true);
    expect(await noteCallEnded(store, { ...end, outcome: "fax" })).toBe(false);
    expect(await noteCallStarted(store, address)).toBe(false);
    expect(await findCall(store, address)).toMatchObject({
      ...intent,
      state: "ended",
      outcome: "voicemail",
      detail: "amd",
      durationSeconds: 3.5,
      voicemailMessage: "留言",
      startedAt: new Date(clock - 1000),
      endedAt: new Date(clock),
    });
  });

  test("that came in are noted once, and their direction when somebody says it", async () => {
    expect(await noteCall(store, address)).toBe(true);
    expect(await noteCall(store, { ...address, direction: "inbound" })).toBe(false);
    expect((await findCall(store, address))?.direction).toBeUndefined();
    await noteCallStarted(store, { ...address, direction: "inbound" });
    expect((await findCall(store, address))?.direction).toBe("inbound");
    await noteCallEnded(store, { ...address, direction: "outbound" });
    expect((await findCall(store, address))?.direction).toBe("inbound");
  });

  test("keep what events said when those were faster than the answer", async () => {
    const id = await intendCall(store, intent);
    await noteCall(store, address);
    await noteCallStarted(store, { ...address, direction: "outbound" });
    await noteCallEnded(store, { ...address, outcome: "no_answer" });
    await callPlaced(store, id, { carrierCallId: "call-1" });
    expect(await searchCalls(store, { limit: 10 })).toHaveLength(1);
    expect(await findCall(store, address)).toMatchObject({
      id,
      ...intent,
      placedHere: true,
      state: "ended",
      outcome: "no_answer",
      startedAt: new Date(clock),
    });
  });

  test("are listed, the latest first", async () => {
    for (const number of [1, 2, 3]) {
      await noteCall(store, { line: "a", carrierCallId: `call-${number}` });
      clock += 1;
    }
    expect((await searchCalls(store, { limit: 2 })).map(({ carrierCallId }) => carrierCallId)).toEqual([
      "call-3",
      "call-2",
    ]);
  });

  test("no state leads out of the last ones", () => {
    expect(callTransitions.ended).toEqual([]);
    expect(callTransitions.refused).toEqual([]);
  });
});
