import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requirePhoneNumber } from "../../plugin/config/phone-number.ts";
import { intendCall, searchCalls } from "../../plugin/store/calls.ts";
import { addDoNotCall, listDoNotCall } from "../../plugin/store/do-not-call.ts";
import { receiveText } from "../../plugin/store/inbox.ts";
import { eventScheduled, eventsToCome, intendEvent } from "../../plugin/store/scheduled-events.ts";
import { PhoneRunner } from "./run-phone.ts";

let phone: PhoneRunner;
const number = requirePhoneNumber("+8613800138000");

beforeEach(() => {
  phone = new PhoneRunner();
  phone.write(
    "switchboard/skill-config.json",
    JSON.stringify({ ownerNumbers: ["+8613900139000"], defaultRegion: "CN" }),
  );
});

afterEach(() => phone.remove());

describe("do-not-call", () => {
  test("a number is put on the list, shown, and taken off", async () => {
    expect(await phone.run("do-not-call", "add", "138 0013 8000")).toMatchObject({
      code: 0,
      stdout: "+8613800138000 is not called or texted any more.\n",
    });
    expect((await phone.run("do-not-call", "add", number)).stdout).toMatch(/on the do-not-call list already/);
    expect((await phone.run("do-not-call", "list")).stdout).toMatch(
      /^\+8613800138000 {2}\d{4}-\d\d-\d\d {2}by command\n$/,
    );
    expect((await phone.run("do-not-call", "remove", number)).stdout).toBe(
      "+8613800138000 may be called and texted again.\n",
    );
    expect((await phone.run("do-not-call")).stdout).toBe("Nobody is on the list.\n");
  });

  test("what missions have scheduled with the number is named, each with how to call it off", async () => {
    const at = new Date(Date.now() + 3_600_000);
    const event = { line: "home", assistantId: "ast_1", to: number, from: "+15559990000" } as const;
    await phone.inStore(async (store) => {
      const call = await intendEvent(store, { ...event, channel: "call", scheduledAt: at });
      await eventScheduled(store, call, "evt_3");
      const later = new Date(at.getTime() + 1_000);
      await intendEvent(store, { ...event, channel: "sms", body: "Hi", scheduledAt: later });
    });
    expect((await phone.run("do-not-call", "add", number)).stdout).toBe(
      [
        "+8613800138000 is on the do-not-call list now.",
        "Missions still have 2 calls or texts scheduled with this number: cancel them, or the service makes them all the same.",
        `  missions cancel-scheduled-event ast_1 evt_3  (the call of ${at.toISOString()})`,
        `  missions list-events-assistant ast_1  (the text of ${new Date(at.getTime() + 1_000).toISOString()}, whose id is not known here)`,
        "",
      ].join("\n"),
    );
    expect((await phone.run("do-not-call", "add", number)).stdout).toMatch(
      /on the do-not-call list already\.\nMissions still have 2 calls or texts/,
    );
    expect(JSON.parse((await phone.run("do-not-call", "add", number, "--json")).stdout)).toMatchObject({
      isNew: false,
      scheduled: [
        { channel: "call", assistantId: "ast_1", eventId: "evt_3", scheduledAt: at.toISOString() },
        { channel: "sms", eventId: null },
      ],
    });
  });

  test("somebody's words stay one quoted line", async () => {
    await phone.inStore((store) =>
      addDoNotCall(store, { number, source: "text", words: "STOP\n+1555 by command\u202e" }),
    );
    expect((await phone.run("do-not-call", "list")).stdout).toMatch(
      / {2}by text {2}"STOP\\n\+1555 by command\\u202e"\n$/,
    );
    const { stdout } = await phone.run("do-not-call", "list", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, numbers: [{ number, source: "text" }] });
  });

  test("a number is written as people write it", async () => {
    for (const written of [
      ["138", "0013", "8000"],
      ["+86", "138-0013-8000"],
      ["(0086)13800138000"],
      ["１３８００１３８０００"],
    ]) {
      expect(await phone.run("do-not-call", "add", ...written)).toMatchObject({ code: 0 });
      expect(await phone.run("do-not-call", "remove", ...written), written.join(" ")).toMatchObject({
        code: 0,
      });
    }
    phone.write("switchboard/skill-config.json", JSON.stringify({ ownerNumbers: ["+8613900139000"] }));
    expect(await phone.run("do-not-call", "add", "138 0013 8000")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is not a phone number with its country code: write it like/),
    });
    const { stdout } = await phone.run("do-not-call", "add", "1", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { name: "NotAPhoneNumber" } });
    expect(await phone.run("do-not-call", "add")).toMatchObject({ code: 2 });
    expect(await phone.run("do-not-call", "wipe")).toMatchObject({ code: 2 });
    expect(JSON.parse((await phone.run("do-not-call", "add", number, "--json")).stdout)).toEqual({
      ok: true,
      number,
      isNew: true,
      scheduled: [],
    });
  });

  test("what is wrong is said", async () => {
    expect(await phone.run("do-not-call", "remove", number)).toMatchObject({
      code: 1,
      stderr: "+8613800138000 is not on the do-not-call list. To see it: phone do-not-call list\n",
    });
    expect(await phone.run("do-not-call", "add", "nobody")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is not a phone number/),
    });
    expect(await phone.run("do-not-call", "add", "+8613900139000")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is your own number/),
    });
    expect(await phone.inStore(listDoNotCall)).toEqual([]);
  });
});

describe("forget", () => {
  test("what is kept of somebody is deleted, and what stays is said", async () => {
    await phone.inStore(async (store) => {
      const line = "home";
      await receiveText(store, { line, messageId: "m1", from: number, body: "别再打来了" });
      await intendCall(store, { line, carrier: "stepone", callee: requirePhoneNumber("+8613700137000") });
      await addDoNotCall(store, { number, source: "text", words: "别再打来了" });
    });
    expect(await phone.run("forget", "138-0013-8000")).toMatchObject({
      code: 0,
      stdout: [
        "Deleted what was kept of +8613800138000: 0 calls, 1 text.",
        "The number itself stays on the do-not-call list, without the words that put it there.",
        "What the phone service keeps, and the gateway's own conversations, pairings and logs, is not deleted by this.",
        "",
      ].join("\n"),
    });
    expect(await phone.inStore(listDoNotCall)).toMatchObject([{ number }]);
    expect(await phone.inStore((store) => searchCalls(store, { limit: 9 }))).toHaveLength(1);
  });

  test("what missions have scheduled and is still to come is said, and stays", async () => {
    const event = {
      line: "home",
      channel: "call",
      assistantId: "ast_1",
      to: number,
      from: "+15559990000",
      scheduledAt: new Date(Date.now() + 3_600_000),
    } as const;
    await phone.inStore((store) => intendEvent(store, event));
    expect((await phone.run("forget", number)).stdout).toContain(
      "Missions still have 1 call or text scheduled with this number: cancel that (missions cancel-scheduled-event), and do this again.",
    );
    expect(await phone.inStore((store) => eventsToCome(store, event.to))).toHaveLength(1);
  });

  test("a call that may be going on is said", async () => {
    await phone.inStore((store) => intendCall(store, { line: "home", carrier: "stepone", callee: number }));
    const { stdout } = await phone.run("forget", number, "--json");
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      number,
      calls: 0,
      texts: 0,
      mentions: 0,
      openCalls: 1,
      scheduledEvents: 0,
      isDoNotCall: false,
      isErased: true,
    });
    expect((await phone.run("forget", number)).stdout).toContain("may be going on and is still kept");
  });

  test("nothing is kept of somebody unknown; what others said of a number goes too", async () => {
    expect((await phone.run("forget", number)).stdout).toMatch(
      /^Nothing is kept of \+8613800138000\.\nWhat the phone/,
    );
    expect((await phone.run("forget", "nobody")).code).toBe(2);
    await phone.inStore((store) =>
      receiveText(store, { line: "home", messageId: "m", from: "+8613700137000", body: "Ask 138 0013 8000" }),
    );
    expect((await phone.run("forget", "138", "0013", "8000")).stdout).toMatch(
      /^Deleted what was kept of \+8613800138000: 0 calls, 0 texts, 1 mention of the number elsewhere\.\n/,
    );
  });

  test("the owner is not forgotten by mistake", async () => {
    expect(await phone.run("forget", "+8613900139000")).toMatchObject({ code: 2 });
    expect((await phone.run("forget")).code).toBe(2);
  });
});
