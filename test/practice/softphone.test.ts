// Proves the softphone and the practice script: what a person types is said, what is spoken is printed, and
// everything ends in good order.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ClawCallPractice, startClawCallPractice } from "../../plugin/practice/clawcall-server.ts";
import { type ClawdTalkPractice, startClawdTalkPractice } from "../../plugin/practice/clawdtalk-server.ts";
import { runPracticeSession } from "../../plugin/practice/command.ts";
import {
  clawCallPhone,
  clawdTalkPhone,
  openSoftphone,
  type SoftphoneOptions,
  stepOnePhone,
} from "../../plugin/practice/softphone.ts";
import type { StepOnePracticeCall } from "../../plugin/practice/stepone-calls.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { ClawCallClient } from "./clawcall-client.ts";
import { soon } from "./observed.ts";
import { RawClient } from "./raw-client.ts";
import { LI, StepOneClient, ZHANG } from "./stepone-client.ts";

/** An agent that greets, and answers everything with one progress text and one result. */
function answering(client: RawClient): RawClient {
  client.socket.on("message", (data) => {
    const { event, request_id, query } = JSON.parse(data.toString());
    if (event !== "deep_tool_request") return;
    client.send({ type: "deep_tool_progress", request_id, text: `You said ${query}.` });
    client.send({ type: "deep_tool_result", request_id, text: "That is all." });
  });
  return client.receptive("Hello, Robin here.");
}

describe("the softphone", () => {
  let server: ClawdTalkPractice;
  let client: RawClient;
  let input: PassThrough & { isTTY?: boolean };
  let output: PassThrough & { isTTY?: boolean };
  let printed: string;

  beforeEach(async () => {
    server = await startClawdTalkPractice({ timings: { contextWithinMs: 30 } });
    client = await RawClient.connect(server, { agent_name: "Robin" });
    input = new PassThrough();
    output = new PassThrough();
    printed = "";
    output.on("data", (data) => {
      printed += data;
    });
  });
  afterEach(() => server.close());

  const open = async (options: Partial<SoftphoneOptions> = {}) => {
    const call = await server.ring();
    return { call, closed: openSoftphone(clawdTalkPhone(call), { input, output, ...options }) };
  };

  it("makes a conversation of a file of lines, then hangs up", async () => {
    answering(client);
    const { call, closed } = await open();
    input.end("good morning\n\n今天天气怎么样\n");
    await closed;
    expect(printed.replace(/\(\d+ ms\)/g, "(… ms)").split("\n")).toEqual([
      "Robin: Hello, Robin here. (… ms)",
      "you: good morning",
      "Robin: You said good morning. (… ms)",
      "Robin: That is all. (… ms)",
      "you: 今天天气怎么样",
      "Robin: You said 今天天气怎么样. (… ms)",
      "Robin: That is all. (… ms)",
      "The call has ended (user_hangup, 0 s).",
      "",
    ]);
    expect(call.end?.reason).toBe("user_hangup");
    expect(printed).not.toContain("\u001b");
  });

  it("goes on when no answer comes", async () => {
    client.receptive();
    const { closed } = await open({ answerWithinMs: 20 });
    input.end("anybody?\n");
    await closed;
    expect(printed).toContain("you: anybody?\n(no answer)\nThe call has ended");
  });

  it("hangs up, helps, texts and refuses by command", async () => {
    answering(client);
    client.socket.on("message", (data) => {
      const { event, from } = JSON.parse(data.toString());
      if (event !== "sms.received") return;
      void fetch(`${server.apiUrl}/messages/send`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
        body: JSON.stringify({ to: from, message: "Got it." }),
      });
    });
    const { call, closed } = await open();
    input.write("/help\n/text see you at eight\n/text\n/dance\n/hangup\nnever said\n");
    await closed;
    expect(printed).toContain("/hangup");
    expect(printed).toContain("/text <message>");
    expect(printed).toContain("you, by text: see you at eight\nRobin, by text: Got it.\n");
    expect(printed).toContain('There is no "/text" without a message. Try /help.');
    expect(printed).toContain('There is no "/dance". Try /help.');
    expect(server.messages.map(({ body }) => body)).toEqual(["see you at eight", "Got it."]);
    expect(call.turns).toEqual([]);
    expect(call.end?.reason).toBe("user_hangup");
  });

  it("obeys at once while the greeting and an answer are waited for", async () => {
    const { call, closed } = await open();
    input.write("/help\n");
    await soon(() => printed.includes("hang up (so does Ctrl-D)"));
    input.write("anybody?\n");
    input.write("are you there?\n/dance\n");
    await soon(() => printed.includes("you: anybody?"));
    input.write("/ring\n");
    await soon(() => printed.includes("You are on the phone already: /hangup ends this call."));
    input.write("/hangup\n");
    await closed;
    expect(call.end?.reason).toBe("user_hangup");
    expect(call.turns.map(({ said }) => said)).toEqual(["anybody?"]);
    // It came with words that were never said.
    expect(printed).not.toContain("/dance");
  });

  /** An agent that does nothing before its owner's phone said yes, and tells what was pressed. */
  const asking = () => {
    client.receptive("Hello, Robin here.").socket.on("message", async (data) => {
      const { event, request_id, query } = JSON.parse(data.toString());
      if (event !== "deep_tool_request") return;
      const decision = query.startsWith("post") ? await pressed(query) : "no";
      client.send({ type: "deep_tool_result", request_id, text: `${query}: ${decision} approval.` });
    });
  };
  const pressed = async (action: string): Promise<string> => {
    const asked = await fetch(`${server.apiUrl}/approvals`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
      body: JSON.stringify({
        action,
        details: "path: a.png\nto: all",
        require_biometric: true,
        expires_in: 60,
      }),
    });
    const { request_id } = (await asked.json()) as { request_id: string };
    const decided = () => server.approvals.find((known) => known.request_id === request_id);
    return await server.until(
      () => (decided()?.status === "pending" ? undefined : decided()?.status),
      "a decision",
    );
  };

  it("shows what the phone asks, and takes the line that answers it, from a file too", async () => {
    asking();
    const { closed } = await open({ approvalsOn: server });
    input.end("post one\napprove\nhello\npost two\nDeny\napprove\n");
    await closed;
    expect(
      printed
        .replace(/ \(\d+ ms\)/g, "")
        .split("\n")
        .slice(1),
    ).toEqual([
      "you: post one",
      "Your phone asks for your fingerprint: post one",
      "    path: a.png",
      "    to: all",
      '    Type "approve" or "deny".',
      'Your phone: "post one" is approved.',
      "Robin: post one: approved approval.",
      "you: hello",
      "Robin: hello: no approval.",
      "you: post two",
      "Your phone asks for your fingerprint: post two",
      "    path: a.png",
      "    to: all",
      '    Type "approve" or "deny".',
      'Your phone: "post two" is denied.',
      "Robin: post two: denied approval.",
      // Nothing is asked any more: they are words.
      "you: approve",
      "Robin: approve: no approval.",
      "The call has ended (user_hangup, 0 s).",
      "",
    ]);
  });

  it("takes the answer at a terminal while the turn goes on, and does not break it off", async () => {
    asking();
    input.isTTY = true;
    output.isTTY = true;
    const { call, closed } = await open({ approvalsOn: server });
    input.write("post it\r");
    await soon(() => printed.includes("Your phone asks"));
    input.write("approve\r");
    await soon(() => printed.includes("post it: approved approval."));
    expect(call.turns.map(({ said }) => said)).toEqual(["post it"]);
    input.write("\u0004");
    await closed;
  });

  it("leaves nothing on the input, however many calls", async () => {
    client.receptive();
    const listeners = () => input.eventNames().map((name) => [name, input.listenerCount(name)]);
    const before = listeners();
    for (let calls = 0; calls < 12; calls++) {
      const { call, closed } = await open();
      call.hangUp();
      await closed;
    }
    expect(listeners()).toEqual(before);
  });

  it("lets the agent hang up", async () => {
    client.receptive();
    const { call, closed } = await open();
    call.hangUp({ reason: "agent_hangup" });
    await closed;
    expect(printed).toContain("The call has ended (agent_hangup");
  });

  it("prompts at a terminal, lets a new line interrupt, and hangs up at the end of the input", async () => {
    client.receptive();
    input.isTTY = true;
    output.isTTY = true;
    const { call, closed } = await open();
    input.write("tell me a story\r");
    input.write("stop\r");
    await soon(() => call.turns[1]);
    expect(call.turns.map(({ said }) => said)).toEqual(["tell me a story", "stop"]);
    expect(printed).toContain("you: ");
    // Ctrl-D
    input.write("\u0004");
    await closed;
    expect(call.end?.reason).toBe("user_hangup");
  });

  it("does not let spoken text steer the terminal", async () => {
    client.receptive("Hello\u001b[2J\u0007 there\nyou: 你好");
    const { closed } = await open();
    input.end();
    await closed;
    expect(printed).toContain("Robin: Hello [2J  there you: 你好 (");
  });
});

/** An agent that listens at ClawCall's practice line and answers everything with the same words. */
function listening({ url, key }: Pick<ClawCallPractice, "url" | "key">, endCall = false): () => void {
  const stopped = new AbortController();
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const listen = async () => {
    const { signal } = stopped;
    while (!signal.aborted) {
      const poll = await fetch(`${url}/api/v1/calls/listen?timeout=1`, { headers, signal });
      const { call_sid, message } = (await poll.json()) as { call_sid?: string; message?: string };
      if (call_sid === undefined) continue;
      const body = JSON.stringify({ response: `You said ${message}.`, end_call: endCall });
      await fetch(`${url}/api/v1/calls/respond/${call_sid}`, { method: "POST", headers, body });
    }
  };
  listen().catch(() => {});
  return () => stopped.abort();
}

describe("the softphone on ClawCall's line", () => {
  let server: ClawCallPractice;
  let stop = () => {};

  beforeEach(async () => {
    server = await startClawCallPractice({ timings: { fillerAfterMs: 600, fillerEveryMs: 1_000_000 } });
  });
  afterEach(async () => {
    stop();
    await server.close();
  });

  const talk = async (lines: string, options: Partial<SoftphoneOptions> = {}) => {
    const input = new PassThrough();
    const output = new PassThrough();
    let printed = "";
    output.on("data", (data) => {
      printed += data;
    });
    const call = await server.ring();
    const closed = openSoftphone(clawCallPhone(call, server), { input, output, ...options });
    input.end(lines);
    await closed;
    return printed.replace(/\(\d+ ms\)/g, "(… ms)").split("\n");
  };

  it("makes a conversation of a file of lines, then hangs up", async () => {
    stop = listening(server);
    expect(await talk("你好\n/text on my way\n")).toEqual([
      "ClawCall: Hello, what can I do for you? (… ms)",
      "you: 你好",
      "Robin: You said 你好. (… ms)",
      "This line carries no texts.",
      "The call has ended (hang_up, 0 s).",
      "",
    ]);
  });

  it("offers no texts where there are none", async () => {
    const printed = (await talk("/help\n")).join("\n");
    expect(printed).toContain("/hangup");
    expect(printed).not.toContain("/text");
  });

  it("prints the service's fillers and goes on when no answer comes", async () => {
    const printed = await talk("anybody?\n", { answerWithinMs: 1_500 });
    expect(printed.slice(1, 4)).toEqual([
      "you: anybody?",
      "ClawCall: Working on that now. (… ms)",
      "(no answer)",
    ]);
  });

  it("lets the agent hang up, after its last words", async () => {
    stop = listening(server, true);
    expect((await talk("bye\nnever said\n")).slice(1)).toEqual([
      "you: bye",
      "Robin: You said bye. (… ms)",
      "The call has ended (end_call, 0 s).",
      "",
    ]);
  });
});

const STEPONE_GREETS = "您好，我是 AI 电话助手，替别人打这个电话，现在方便说话吗？";
const STEPONE_THANKS = "谢谢，您说的会转告给让我打电话的人。";

describe("the softphone on StepOne's line", () => {
  let server: StepOnePractice;

  beforeEach(async () => {
    server = await startStepOnePractice({ onRing: () => ({ does: "answer" }) });
  });
  afterEach(() => server.close());

  const talk = async (lines: string, meanwhile: (call: StepOnePracticeCall) => void = () => {}) => {
    const input = new PassThrough();
    const output = new PassThrough();
    let printed = "";
    output.on("data", (data) => {
      printed += data;
    });
    await new StepOneClient(server).call();
    const call = await server.nextCall();
    await server.until(() => call.answeredAt, "the call");
    const closed = openSoftphone(stepOnePhone(call, server), { input, output });
    meanwhile(call);
    input.end(lines);
    await closed;
    return { call, printed: printed.replace(/\(\d+ ms\)/g, "(… ms)").split("\n") };
  };

  it("greets, says what it was told to say, gives thanks, and hangs up when the caller does", async () => {
    const { call, printed } = await talk("喂\n喂\n/text on my way\n/hangup\nnever said\n");
    expect(printed).toEqual([
      `StepOne's AI: ${STEPONE_GREETS} (… ms)`,
      "you: 喂",
      "StepOne's AI: 通知张总明天上午9点开会 (… ms)",
      "you: 喂",
      `StepOne's AI: ${STEPONE_THANKS} (… ms)`,
      "This line carries no texts.",
      "The call has ended (hung_up, 0 s).",
      "",
    ]);
    expect(call.lines.map(({ role }) => role)).toEqual([
      "assistant",
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
    expect(call.end).toBe("hung_up");
  });

  it("hears of a call that ends by itself", async () => {
    const { printed } = await talk("喂\n", (call) => call.hangUp());
    expect(printed.slice(1)).toEqual(["The call has ended (hung_up, 0 s).", ""]);
  });
});

describe("a practice session", () => {
  let stop = new AbortController();
  let session: Promise<void> | undefined;
  let input: PassThrough & { isTTY?: boolean };
  let printed: string;
  let events: Record<string, unknown>[];

  afterEach(async () => {
    stop.abort();
    await session;
  });

  /** A session whose line for people is `printed`. */
  async function begin({ isTTY = false } = {}) {
    stop = new AbortController();
    input = Object.assign(new PassThrough(), { isTTY });
    const notices = Object.assign(new PassThrough(), { isTTY });
    const output = new PassThrough();
    printed = "";
    events = [];
    notices.on("data", (data) => {
      printed += data;
    });
    createInterface({ input: output }).on("line", (line) => events.push(JSON.parse(line)));
    session = runPracticeSession({ json: true, input, output, notices, signal: stop.signal });
    const { server, key } = (await soon(() => events[0])) as { server: string; key: string };
    const post = (path: string, body: object) =>
      fetch(`${server}/v1/${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    return {
      place: () => post("calls", {}),
      schedule: (assistant: string) =>
        post(`assistants/${assistant}/events`, {
          channel: "call",
          to: "+12125551234",
          from: "+15550003333",
          scheduled_at: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      assistant: async () => {
        const made = await post("assistants", {
          name: "a",
          instructions: "b",
          greeting: "c",
          model: "m",
          tools: [],
          enabled_features: ["telephony"],
        });
        return JSON.stringify(await made.json());
      },
      send: (to: string, message: string) => post("messages/send", { to, message }),
      ask: (action: string) => post("approvals", { action, require_biometric: false, expires_in: 60 }),
      connect: async () => {
        const client = await RawClient.open(webSocketOf(server));
        client.send({ type: "auth", api_key: key, agent_name: "Robin" });
        return client;
      },
    };
  }
  const shows = (text: string, times = 1) => soon(() => printed.split(text)[times] !== undefined);

  it("has a number, without which nothing is scheduled", async () => {
    const { assistant, schedule } = await begin();
    const id = /"id":"([^"]+)"/.exec(await assistant())?.[1] ?? "";
    expect((await schedule(id)).status).toBe(200);
  });

  it("hangs up at once where nobody is there to answer, and the line is free again", async () => {
    const { place } = await begin();
    for (let calls = 1; calls <= 2; calls++) {
      await place();
      await shows("Your agent calls you: you have picked up.", calls);
      input.write("anybody?\n");
      await shows("you: anybody?", calls);
      input.write("/hangup\n");
      await shows("The call has ended (user_hangup", calls);
      await shows("The lines stay open.", calls);
    }
    expect(printed).not.toContain("called you: busy");
  });

  it("has no more listeners on the input after many calls than after one", async () => {
    const { place } = await begin();
    const listeners = () => input.eventNames().map((name) => [name, input.listenerCount(name)]);
    let afterOne: unknown;
    for (let calls = 1; calls <= 13; calls++) {
      await place();
      await shows("Your agent calls you: you have picked up.", calls);
      input.write("/hangup\n");
      await shows("The lines stay open.", calls);
      afterOne ??= listeners();
    }
    expect(listeners()).toEqual(afterOne);
  });

  it("texts a connected client while nobody is on the phone, and shows what is texted, whenever it comes", async () => {
    const { connect, send } = await begin();
    input.write("/text hello?\n");
    await shows("Texts go over ClawdTalk's line, and no client is connected to it.\n");
    const client = (await connect()).receptive("Hello, Robin here.");
    await shows("Robin: Hello, Robin here.");
    await send("+15550001111", "During the call.");
    await shows("Robin, by text: During the call.\n");
    input.write("/hangup\n");
    await shows("The lines stay open.");
    input.write("/text see you at eight\n/text\n/hangup\n/dance\n/help\n");
    await shows("you, by text: see you at eight\n");
    expect(await client.event("sms.received")).toMatchObject({
      from: "+15550001111",
      body: "see you at eight",
    });
    await shows('There is no "/text" without a message. Try /help.\n');
    await shows("Nobody is on the phone. /ring rings your agent");
    await shows('There is no "/dance". Try /help.\n');
    await shows("/ring            ring your agent");
    await send("+15550001111", "Got it.\u001b[2J");
    await send("+15550002222", "Two loaves, please.");
    await shows("Robin, by text: Got it. [2J\nRobin, by text to +15550002222: Two loaves, please.\n");
    expect(
      events.filter(({ kind }) => kind === "text").map(({ direction, body }) => [direction, body]),
    ).toEqual([
      ["outbound", "During the call."],
      ["inbound", "see you at eight"],
      ["outbound", "Got it.\u001b[2J"],
      ["outbound", "Two loaves, please."],
    ]);
  });

  it("takes the answer to what the phone asks while nobody is on a call", async () => {
    const { place, ask } = await begin();
    await place();
    await shows("Your agent calls you: you have picked up.");
    input.write("/hangup\n");
    await shows("The lines stay open.");
    const asked = ask("Post the picture");
    await shows('Your phone asks: Post the picture\n    Type "approve" or "deny".\n');
    input.write("deny\n");
    await shows('Your phone: "Post the picture" is denied.\n');
    input.write("deny\n");
    await shows("Nobody is on the phone. /ring rings your agent");
    expect((await asked).ok).toBe(true);
  });

  it("shows the answer to a text on a call once", async () => {
    const { connect, send } = await begin();
    (await connect()).receptive("Hello, Robin here.");
    await shows("Robin: Hello, Robin here.");
    input.write("/text on my way\n");
    await shows("you, by text: on my way\n");
    await send("+15550001111", "Fine.");
    await shows("Robin, by text: Fine.\n");
    input.end();
    await session;
    expect(printed.split("Fine.")).toHaveLength(2);
  });

  it.each([false, true])("ends when the input ends before any call (at a terminal: %s)", async (isTTY) => {
    await begin({ isTTY });
    if (isTTY) input.write("\u0004");
    else input.end();
    await session;
    expect(printed.includes("The input has ended, and so has the practice.\n")).toBe(!isTTY);
  });

  it("at a terminal Ctrl-D hangs up, then ends the practice", async () => {
    const { place } = await begin({ isTTY: true });
    for (let calls = 1; calls <= 2; calls++) {
      await place();
      await shows("Your agent calls you: you have picked up.", calls);
      await shows("you: ", calls);
      input.write("\u0004");
      await shows("The lines stay open.", calls);
    }
    input.write("\u0004");
    await session;
    expect(printed).toContain("The call has ended (user_hangup");
  });

  it.each(["before any call", "in a call"])("at a terminal Ctrl-C ends it all, %s", async (when) => {
    const { place } = await begin({ isTTY: true });
    if (when === "in a call") {
      await place();
      await shows("you: ");
    }
    input.write("\u0003");
    await session;
  });

  it("keeps what is typed ahead for the first call, in its order", async () => {
    const { connect } = await begin();
    input.end("anybody?\n/hangup\nnever said\n");
    await shows("Nobody is on the phone yet: this is said as soon as somebody is.");
    answering(await connect());
    await session;
    expect(printed).toMatch(/you: anybody\?\nRobin: You said anybody\?/);
    expect(printed).not.toContain("never said");
  });

  it("names all lines together, the own number, and how a clone gets a gateway", async () => {
    await begin();
    await shows("the lines work together");
    await shows("CLAWCALL_OWNER_NUMBER=+15550001111");
    const [, command = ""] = /(npm run gateway -- .*)\n/.exec(printed) ?? [];
    for (const name of ["CLAWDTALK_SERVER", "CLAWCALL_BASE_URL", "STEPONEAI_API_BASE"]) {
      const [, url = "missing"] = new RegExp(`${name}=(\\S+)`).exec(printed) ?? [];
      expect(command).toContain(url);
    }
  });
});

describe("scripts/practice.ts", () => {
  const script = fileURLToPath(new URL("../../scripts/practice.ts", import.meta.url));
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  function run(...flags: string[]) {
    const child = spawn(process.execPath, [script, ...flags], { stdio: "pipe" });
    children.push(child);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    let notices = "";
    child.stderr.on("data", (data) => {
      notices += data;
    });
    return { child, lines, notices: () => notices, exited: once(child, "exit") as Promise<[number | null]> };
  }

  it("rings a client that connects, talks, and ends with the input", async () => {
    const { child, lines, exited } = run(
      "--key",
      "cc_live_practice_of_mine",
      "--owner-number",
      "+8613800000000",
    );
    const setting = (name: string) => soon(() => lines.join("\n").match(new RegExp(`${name}=(\\S+)`))?.[1]);
    const url = await setting("CLAWDTALK_SERVER");
    expect(await setting("CLAWDTALK_API_KEY")).toBe("cc_live_practice_of_mine");
    const stranger = await RawClient.open(webSocketOf(url));
    stranger.send({ type: "auth", api_key: "cc_live_of_somebody_else" });
    await soon(() => lines.find((line) => line.includes("another key")));
    const client = answering(await RawClient.open(webSocketOf(url)));
    client.send({ type: "auth", api_key: "cc_live_practice_of_mine", agent_name: "Robin" });
    child.stdin.end("你好\n");
    expect(await exited).toEqual([0, null]);
    expect(lines.join("\n")).not.toContain("somebody_else");
    expect(lines.join("\n")).toMatch(/you: 你好\nRobin: You said 你好\. \(\d+ ms\)\nRobin: That is all\./);
  });

  it("rings a client that listens at ClawCall's line", async () => {
    const { child, lines, exited } = run("--owner-number", "+8613800000000");
    const setting = (name: string) => soon(() => lines.join("\n").match(new RegExp(`${name}=(\\S+)`))?.[1]);
    const [url, key] = [await setting("CLAWCALL_BASE_URL"), await setting("CLAWCALL_API_KEY")];
    expect(await setting("CLAWCALL_OWNER_NUMBER")).toBe("+8613800000000");
    const refused = await fetch(`${url}/api/v1/account`, { headers: { authorization: "Bearer another" } });
    expect(refused.status).toBe(401);
    await soon(() => lines.find((line) => line.includes("another key")));
    const stop = listening({ url, key });
    child.stdin.end("你好\n");
    expect(await exited).toEqual([0, null]);
    stop();
    expect(lines.join("\n")).toMatch(/you: 你好\nRobin: You said 你好\. \(\d+ ms\)\nThe call has ended/);
  });

  it("ends cleanly on Ctrl-C in the middle of a call on ClawCall's line", async () => {
    const { child, lines, exited } = run("--json");
    const { clawcall } = JSON.parse(await soon(() => lines[0]));
    const stop = listening({ url: clawcall.server, key: clawcall.key });
    await soon(() => lines.find((line) => line.includes('"state":"answered"')));
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
    stop();
    expect(lines.some((line) => line.includes('"line":"clawcall"') && line.includes('"state":"ended"'))).toBe(
      true,
    );
  });

  it("prints one JSON line per event, notices elsewhere, and ends cleanly on a signal, hanging up first", async () => {
    const { child, lines, notices, exited } = run("--json");
    const ready = JSON.parse(await soon(() => lines[0]));
    expect(ready).toMatchObject({ kind: "ready", ownerNumber: "+15550001111" });
    const client = (await RawClient.open(webSocketOf(ready.server))).receptive();
    client.send({ type: "auth", api_key: ready.key });
    await client.event("call.started");
    child.kill("SIGTERM");
    expect(await client.event("call.ended")).toMatchObject({ reason: "practice_stopped" });
    expect(await exited).toEqual([0, null]);
    const events = lines.map((line) => JSON.parse(line));
    expect(events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["ready", "client", "sent", "received"]),
    );
    expect(notices()).toContain("The practice lines are open");
  });

  it("ends cleanly on a signal while nobody is there", async () => {
    const { child, lines, exited } = run();
    await soon(() => lines.find((line) => line.includes("CLAWDTALK_SERVER")));
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
  });

  it("rings for what the agent places on ClawdTalk's line, and is busy during a call", async () => {
    const { child, lines, exited } = run("--json");
    const { server, key } = JSON.parse(await soon(() => lines[0]));
    let notices = "";
    child.stderr.on("data", (data) => {
      notices += data;
    });
    const place = () =>
      fetch(`${server}/v1/calls`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: "{}",
      });
    const client = answering(await RawClient.open(webSocketOf(server)));
    client.send({ type: "auth", api_key: key, agent_name: "Robin" });
    await soon(() => notices.includes("Robin: Hello, Robin here."));
    await place();
    await soon(() => notices.includes("Your agent called you: busy.\n"));
    child.stdin.write("/hangup\n");
    await soon(() => notices.includes("The lines stay open."));
    await place();
    await soon(() =>
      notices.includes("Your agent calls you: you have picked up.\nRobin: Hello, Robin here."),
    );
    child.stdin.write("thank you\n");
    await soon(() => notices.includes("Robin: You said thank you."));
    child.stdin.write("/hangup\n");
    await soon(() => notices.split("The lines stay open.")[2]);
    child.stdin.write("hello?\n/ring\n");
    await soon(() => notices.split("Robin: Hello, Robin here.")[3]);
    expect(notices).toContain("Nobody is on the phone. /ring rings your agent");
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });

  it("rings for what the agent places on ClawCall's line before anybody listens", async () => {
    const { child, lines, exited } = run();
    const setting = (name: string) => soon(() => lines.join("\n").match(new RegExp(`${name}=(\\S+)`))?.[1]);
    const [url = "", key = ""] = [await setting("CLAWCALL_BASE_URL"), await setting("CLAWCALL_API_KEY")];
    const agent = new ClawCallClient({ url, key });
    await agent.post("/calls/outbound/callback", { message: "Your tea is ready.", allow_followup: false });
    await soon(() => lines.find((line) => line.startsWith("The call has ended (message_spoken")));
    expect(lines.join("\n")).toMatch(
      /Your agent calls you: you have picked up\.\nRobin: Your tea is ready\./,
    );
    await agent.post("/calls/outbound/third-party", {
      to_number: "+15550004444",
      objective: "Book Tuesday.",
    });
    await soon(() => lines.find((line) => line === "Your agent calls +15550004444: you are them now."));
    await agent.answer("Is Tuesday free?");
    await soon(() => lines.find((line) => line.startsWith("Robin: Is Tuesday free?")));
    child.stdin.write("At three.\n");
    expect(await agent.answer("Thank you, goodbye.", true)).toContain("At three.");
    await soon(() => lines.find((line) => line.startsWith("The call has ended (end_call")));
    child.stdin.write("/ring\n");
    await soon(() => lines.find((line) => line === "No client is connected, so nobody hears it ring."));
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });

  it("rings the agent that listens, whoever registered before and after", async () => {
    const { child, lines, exited } = run();
    const setting = (name: string) => soon(() => lines.join("\n").match(new RegExp(`${name}=(\\S+)`))?.[1]);
    const [url = "", key = ""] = [await setting("CLAWCALL_BASE_URL"), await setting("CLAWCALL_API_KEY")];
    const register = (phone_number: string, agent_name: string) =>
      new ClawCallClient({ url, key }).post("/register", { phone_number, agent_name });
    const { body } = await register("+8613800000000", "小明");
    await register("+8613800000000", "Kim");
    await register("+15550001111", "Sam");
    const stop = listening({ url, key: String(body["api_key"]) });
    child.stdin.end("你好\n");
    expect(await exited).toEqual([0, null]);
    stop();
    expect(lines.join("\n")).toMatch(/小明: You said 你好\./);
  });

  it("rings for what StepOne's AI calls, lets nobody through meanwhile, and tells refused keys", async () => {
    const { child, lines, exited } = run("--key", "sk_practice_of_mine");
    const setting = (name: string) => soon(() => lines.join("\n").match(new RegExp(`${name}=(\\S+)`))?.[1]);
    const [url = "", key = ""] = [await setting("STEPONEAI_API_BASE"), await setting("STEPONEAI_API_KEY")];
    expect(key).toBe("sk_practice_of_mine");
    const stranger = new StepOneClient({ url, key: "sk_of_somebody_else" });
    expect((await stranger.initiate()).status).toBe(401);
    await soon(() => lines.find((line) => line.includes("another key")));
    const agent = new StepOneClient({ url, key });
    const id = await agent.call(ZHANG);
    await soon(() => lines.find((line) => line === `StepOne's AI calls ${ZHANG}: you are them now.`));
    await soon(() => lines.find((line) => line === "It has this to say or ask: 通知张总明天上午9点开会"));
    await soon(() => lines.find((line) => line.startsWith(`StepOne's AI: ${STEPONE_GREETS}`)));
    await agent.call(LI);
    await soon(() => lines.find((line) => line === `StepOne's AI called ${LI}: busy.`));
    child.stdin.write("方便，您说。\n");
    await soon(() => lines.find((line) => line.startsWith("StepOne's AI: 通知张总明天上午9点开会")));
    child.stdin.write("好的👍\n/hangup\n");
    await soon(() => lines.find((line) => line.startsWith("The lines stay open.")));
    const { data } = await agent.stream(id);
    expect(data.map(({ role, content }) => [role, content])).toEqual([
      ["assistant", STEPONE_GREETS],
      ["user", "方便，您说。"],
      ["assistant", "通知张总明天上午9点开会"],
      ["user", "好的👍"],
      ["assistant", STEPONE_THANKS],
      ["system", "[DONE]"],
    ]);
    // What is to be said comes from outside.
    await agent.initiate(ZHANG, "问好\u001b[2J\n/hangup");
    await soon(() => lines.find((line) => line === "It has this to say or ask: 问好 [2J /hangup"));
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
    expect(lines.join("\n")).not.toContain("somebody_else");
  });

  it("tells in JSON what happens on StepOne's line, and hangs up there on a signal", async () => {
    const { child, lines, notices, exited } = run("--json");
    const { stepone } = JSON.parse(await soon(() => lines[0]));
    const agent = new StepOneClient({ url: stepone.server, key: stepone.key });
    const callId = await agent.call();
    await agent.post("search_callinfo", { call_id: callId, more: true });
    await soon(() => notices().includes(STEPONE_GREETS));
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    const events = lines.map((line) => JSON.parse(line)).filter(({ line }) => line === "stepone");
    const told = (event: object) => events.filter((one) => isDeepStrictEqual(one, { ...one, ...event }));
    for (const event of [
      { kind: "call", callId, number: ZHANG, state: "ringing" },
      { kind: "request", method: "POST", path: "/api/v1/callinfo/initiate_call", status: 200 },
      { kind: "violation", rule: "unknown_field" },
      { kind: "call", callId, number: ZHANG, state: "talking" },
      { kind: "said", callId, role: "assistant", content: STEPONE_GREETS },
      { kind: "call", callId, number: ZHANG, state: "ended" },
    ]) {
      expect(told(event)).toHaveLength(1);
    }
  });

  it("opens each line where it is told to", async () => {
    const free = await Promise.all([
      startClawdTalkPractice(),
      startClawCallPractice(),
      startStepOnePractice(),
    ]);
    const [port, clawcallPort, steponePort] = free.map((line) => line.port);
    await Promise.all(free.map((line) => line.close()));
    const { child, lines, exited } = run(
      ...["--port", `${port}`, "--clawcall-port", `${clawcallPort}`, "--stepone-port", `${steponePort}`],
    );
    await soon(() => lines.find((line) => line.includes(`CLAWDTALK_SERVER=http://127.0.0.1:${port}`)));
    await soon(() =>
      lines.find((line) => line.includes(`CLAWCALL_BASE_URL=http://127.0.0.1:${clawcallPort}`)),
    );
    await soon(() =>
      lines.find((line) => line.includes(`STEPONEAI_API_BASE=http://127.0.0.1:${steponePort}`)),
    );
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
  });

  it.each([
    [["--port", "abc"], "whole number from 1 to 65535"],
    [["--port", "70000"], "whole number from 1 to 65535"],
    [["--clawcall-port", ""], "whole number from 1 to 65535"],
    [["--stepone-port", "0"], "whole number from 1 to 65535"],
    [["--key", ""], "one word of ASCII letters"],
    [["--owner-number", "12345"], "starts with + and the country code"],
  ])("refuses %j with a sentence", async (flags, sentence) => {
    const { exited, notices } = run(...flags);
    expect(await exited).toEqual([2, null]);
    expect(notices()).toContain(sentence);
  });

  it.each(["--port", "--clawcall-port", "--stepone-port"])("says which port is taken: %s", async (flag) => {
    const taken = await startClawdTalkPractice();
    const { exited, notices } = run(flag, String(taken.port));
    expect(await exited).toEqual([1, null]);
    expect(notices()).toBe(`Port ${taken.port} is taken; choose another one.\n`);
    await taken.close();
  });

  it("explains itself", async () => {
    const { exited, lines } = run("--help");
    expect(await exited).toEqual([0, null]);
    for (const flag of ["--port", "--clawcall-port", "--stepone-port", "--key", "--owner-number", "--json"])
      expect(lines.join("\n")).toContain(flag);
  });
});

/** The line comes from another process; of its server, only the address is known. */
function webSocketOf(server: string): { webSocketUrl: string } {
  return { webSocketUrl: `${server.replace("http", "ws")}/ws` };
}
