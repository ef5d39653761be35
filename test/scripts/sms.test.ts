import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { closeStore, openStore } from "../../plugin/store/database.ts";
import { unfinishedTexts } from "../../plugin/store/outbox.ts";
import { ScriptRunner } from "./run-script.ts";

let service: ClawdTalkPractice;
let runner: ScriptRunner;

beforeEach(async () => {
  service = await startClawdTalkPractice({ dedicatedNumber: "+15550008888" });
  runner = new ScriptRunner({ isBuilt: true });
  runner.write(".env", `CLAWDTALK_API_KEY=${service.key}\nCLAWDTALK_SERVER=${service.url}\n`);
});

afterEach(async () => {
  expect(service.violations).toEqual([]);
  await service.close();
  runner.remove();
});

const sms = (...args: string[]) => runner.run("sms", args);

async function left() {
  const store = await openStore(runner.stateFolder);
  try {
    return await unfinishedTexts(store, "clawdtalk", new Date());
  } finally {
    await closeStore(store);
  }
}

test("sends a text as it is", async () => {
  const body = "你好 👨‍👩‍👧‍👦\n“引号” $HOME 'x' %PATH%";
  const { code, stdout, stderr } = await sms("send", "+1 555 000 2222", body);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe(`Sent to +15550002222. Id: ${service.messages[0]?.id}\n`);
  expect(service.messages).toMatchObject([{ to: "+15550002222", body }]);
  expect(await left()).toEqual([]);
});

test("sends media, and a long text in several messages", async () => {
  const long = `${"一".repeat(1_400)}。${"二".repeat(1_400)}。`;
  const { code, stdout } = await sms(
    "send",
    "+15550002222",
    long,
    "--media",
    "https://a.example/1.png",
    "--media",
    "https://a.example/2.png",
    "--json",
  );
  expect(code).toBe(0);
  expect(service.messages.map(({ body, media_urls }) => [body, media_urls])).toEqual([
    [`${"一".repeat(1_400)}。`, ["https://a.example/1.png", "https://a.example/2.png"]],
    [`${"二".repeat(1_400)}。`, []],
  ]);
  expect(JSON.parse(stdout)).toEqual({
    ok: true,
    to: "+15550002222",
    messages: service.messages.map(({ id, body }) => ({ id, body })),
  });
});

test("lists texts, everybody's words on one line and harmless", async () => {
  service.text({ from: "+15550002222", body: "Hello\n2026 to +1 \u001b[2J\u202e “你好”" });
  await sms("send", "+15550003333", "Hi");
  const { code, stdout, stderr } = await sms("list");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout.split("\n").map((line) => line.replace(/^\S+Z {2}/, ""))).toEqual([
    'to +15550003333  "Hi"  queued',
    'from +15550002222  "Hello\\n2026 to +1 \\u001b[2J\\u202e “你好”"  received',
    "",
  ]);
});

test("lists by number, direction and count", async () => {
  service.text({ from: "+15550002222", body: "one" });
  service.text({ from: "+15550003333", body: "two" });
  await sms("send", "+15550002222", "three");
  const bodies = async (...args: string[]) =>
    JSON.parse((await sms("list", "--json", ...args)).stdout).texts.map(
      (text: { body: string }) => text.body,
    );
  expect(await bodies()).toEqual(["three", "two", "one"]);
  expect(await bodies("--contact", "+1 (555) 000-2222")).toEqual(["three", "one"]);
  expect(await bodies("--direction", "inbound")).toEqual(["two", "one"]);
  expect(await bodies("--limit", "1")).toEqual(["three"]);
  const queries = service.rest.filter(({ method }) => method === "GET").map(({ query }) => query);
  expect(queries[0]).toEqual({ limit: "20" });
  expect(queries[1]).toEqual({ limit: "20", contact: "+15550002222" });
});

test("lists conversations", async () => {
  expect((await sms("conversations")).stdout).toBe("No conversations.\n");
  expect((await sms("list")).stdout).toBe("No texts.\n");
  service.text({ from: "+15550002222", body: "在吗？" });
  expect((await sms("conversations")).stdout).toMatch(/^\S+Z {2}\+15550002222 {2}1 unread {2}"在吗？"\n$/);
  expect(JSON.parse((await sms("conversations", "--json")).stdout)).toMatchObject({
    ok: true,
    conversations: [{ contact: "+15550002222", lastMessage: "在吗？", unreadCount: 1 }],
  });
});

test.each([
  [["send", "5550002222", "Hi"], /is not a phone number with its country code/],
  [["send", "+15550002222", ""], /The text is empty/],
  [["send", "+15550002222", "Hi", "--media", "a.png"], /is not an http\(s\) URL/],
  [["send", "+15550002222"], /missing required argument 'message'/],
  [["send", "+15550002222", "two", "words"], /too many arguments/],
  [["list", "--limit", "0"], /whole number from 1 to 100/],
  [["list", "--direction", "up"], /Allowed choices are inbound, outbound/],
  [["list", "--contact", "Bob"], /is not a phone number/],
  [["sned"], /unknown command 'sned'/],
  [[], /Usage: sms/],
])("%j is not understood: exit code 2, and nothing is sent", async (args, message) => {
  const { code, stdout, stderr } = await sms(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
  expect(service.rest).toEqual([]);
});

test.each([
  ["refused", { kind: "status", status: 403 }, /dedicated number/, 0],
  ["too many requests", { kind: "status", status: 429 }, /try again in a minute/, 0],
  ["trouble", { kind: "status", status: 500 }, /look before trying again/, 1],
  ["a lost answer", { kind: "drop_after_processing" }, /look before trying again/, 1],
] as const)("%s: one sentence, exit code 1", async (_name, fault, message, open) => {
  service.faults.rest = [{ path: "/v1/messages/send", times: 9, ...fault }];
  const { code, stdout, stderr } = await sms("send", "+15550002222", "Hi");
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd()).not.toContain("\n");
  expect(service.rest).toHaveLength(1);
  // Nobody sends it later behind the back of the one who was told.
  const texts = await left();
  expect(texts).toHaveLength(open);
  expect(texts.every(({ resend }) => !resend)).toBe(true);
});

test("only lines that can text", async () => {
  const texting = readFileSync(path.join(runner.stateFolder, ".env"), "utf8");
  runner.write(".env", `${texting}CLAWCALL_API_KEY=12345678-0000-4000-8000-00000000abcd\n`);
  expect(await sms("send", "+15550002222", "Hi")).toMatchObject({ code: 0, stderr: "" });
  expect(await sms("send", "+15550002222", "Hi", "--line", "clawcall")).toMatchObject({
    code: 1,
    stderr: 'The line "clawcall" is with ClawCall, and this works on lines of ClawdTalk alone.\n',
  });
  runner.write(".env", "CLAWCALL_API_KEY=12345678-0000-4000-8000-00000000abcd\n");
  expect(await sms("list")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^This works on lines of ClawdTalk alone, and none is set up: get an API key/,
    ),
  });
  expect(service.messages).toHaveLength(1);
});
