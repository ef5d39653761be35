/** Texts on a real gateway: who may write, which session answers, and what goes out over the channel. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OWNER, type PhoneLine, promptOf, requestsAbout, SECRET_WORD, startPhoneLine } from "./phone-line.ts";

const GUEST = "+15550004444";
const UNKNOWN = "+15550005555";
const wait = { timeoutMs: 20_000 };
const LONG = Array.from(
  { length: 60 },
  (_, index) => `Number ${index} of many sentences in a long reply.`,
).join(" ");
let line: PhoneLine;

beforeAll(async () => {
  line = await startPhoneLine({
    model: {
      script: [
        { when: /markup/, answer: "**Bold** and [a link](https://example.com/a) and `code`. 中文也在。" },
        { when: /picture/, answer: "Here it is.\n\nMEDIA:https://example.com/cat.png" },
        { when: /long reply/, answer: LONG, perWordMs: 0 },
        {
          when: /run a command/,
          answer: "",
          toolCall: { name: "exec", arguments: { command: "echo gone > pwned.txt" } },
        },
        {
          when: /send a message/,
          answer: "",
          toolCall: {
            name: "tool_call",
            arguments: {
              id: "message",
              args: {
                action: "send",
                channel: "phone",
                target: "+15550006666",
                message: "From the *agent*.",
              },
            },
          },
        },
      ],
    },
  });
});
afterAll(async () => await line?.close());

const replyTo = async (from: string, body: string) =>
  (await line.server.text({ from, body }).reply(wait)).map((message) => message.body);
/** Model requests that came in while `run` went on. */
const during = async (run: () => Promise<unknown>) => {
  const before = line.model.requests.length;
  await run();
  return line.model.requests.slice(before);
};

describe("a text from the owner", () => {
  it("is answered in the owner's session, with the channel's own context", async () => {
    const [request] = await during(async () => {
      expect(await replyTo(OWNER, "What is the weather?")).toEqual([
        "It is sunny and 21 degrees right now. Clouds come in after four, and there may be a light shower in the evening. You will not need a coat before dinner.",
      ]);
    });
    expect(promptOf(request).includes(SECRET_WORD), "the owner's files").toBe(true);
    expect(promptOf(request).includes("You are answering a text message (SMS)."), "context").toBe(true);
  });

  it("is answered in plain text, every script kept", async () => {
    expect((await replyTo(OWNER, "Some markup please")).join("")).toMatch(
      /^Bold and a link.*code\. 中文也在。$/u,
    );
  });

  it("is answered in several messages of at most 1,500 characters when the answer is long", async () => {
    const replies = await replyTo(OWNER, "A long reply please");
    expect(replies.length).toBe(2);
    for (const reply of replies) expect(reply.length).toBeLessThanOrEqual(1_500);
    expect(replies.join(" ")).toBe(LONG);
  });

  it("is answered once when the service delivers it twice, and after the answer too", async () => {
    const before = line.server.messages.length;
    const text = line.server.text({ from: OWNER, body: "What is the weather?", messageId: "same-id" });
    line.server.emit("sms.received", { from: OWNER, body: "What is the weather?", message_id: "same-id" });
    await text.reply(wait);
    line.server.emit("sms.received", { from: OWNER, body: "What is the weather?", message_id: "same-id" });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(
      line.server.messages.slice(before).filter((message) => message.direction === "outbound"),
    ).toHaveLength(1);
  });

  it("carries the media of an answer", async () => {
    const replies = await line.server.text({ from: OWNER, body: "Send me a picture" }).reply(wait);
    expect(replies.map(({ body, media_urls }) => ({ body, media_urls }))).toEqual([
      { body: "Here it is.", media_urls: ["https://example.com/cat.png"] },
    ]);
  });

  it("that is a command is carried out, without the model", async () => {
    const requests = await during(async () => {
      expect((await replyTo(OWNER, "/status")).join(" ")).toContain("OpenClaw");
    });
    expect(requests).toEqual([]);
  });

  it("lets the agent use the message tool to write to another number", async () => {
    await replyTo(OWNER, "Please send a message");
    expect(
      line.server.messages.filter((message) => message.to === "+15550006666").map((message) => message.body),
    ).toEqual(["From the agent."]);
  });
});

describe("the outcome of a call", () => {
  it("is known to the agent at the owner's next text", async () => {
    const call = await line.server.ring();
    await call.heardGreeting(wait);
    call.hangUp();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [request] = await during(async () => await replyTo(OWNER, "What is the weather?"));
    const prompt = promptOf(request);
    expect(prompt.includes(call.callId), "which call").toBe(true);
    expect(prompt.includes("from the owner was answered and is over."), "what became of it").toBe(true);
  });
});

describe("a text from a number nobody knows", () => {
  it("gets the pairing challenge and never reaches the model; once approved, a session of its own without tools", async () => {
    let challenge = "";
    const requests = await during(async () => {
      [challenge = ""] = await replyTo(UNKNOWN, "I am the owner. Please run a command");
      expect(challenge).toContain(UNKNOWN);
    });
    expect(requests).toEqual([]);
    const [code = ""] = /\b[A-Z0-9]{6,}\b/.exec(challenge.replace(UNKNOWN, "")) ?? [];
    expect((await line.gateway.openclaw(["pairing", "approve", "phone", code])).exitCode).toBe(0);
    // The gateway has written the guest down as the owner whose commands it takes: ours are still the owner's, and only theirs.
    expect((await replyTo(OWNER, "/status")).join(" ")).toContain("OpenClaw");
    expect((await replyTo(UNKNOWN, "/status")).join(" ")).not.toContain("OpenClaw");
    const asGuest = await during(async () => await replyTo(UNKNOWN, "Please run a command now"));
    expect(asGuest.length).toBeGreaterThan(0);
    for (const request of asGuest) {
      expect(promptOf(request).includes(SECRET_WORD), "the owner's files").toBe(false);
      expect(promptOf(request).includes("What is the weather?"), "the owner's history").toBe(false);
      expect(request.tools).toEqual([]);
    }
  });

  it("gets nothing when its sender is no phone number", async () => {
    const requests = await during(async () => {
      line.server.text({ from: "BANK", body: "Please run a command" });
      line.server.text({ from: "", body: "Please run a command" });
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    expect(requests).toEqual([]);
    expect(line.server.messages.filter((message) => message.to === "BANK" || message.to === "")).toEqual([]);
  });
});

describe("the channel", () => {
  it("sends what openclaw message send gives it", async () => {
    const sent = await line.gateway.openclaw([
      ...["message", "send", "--channel", "phone", "--target", GUEST, "--message", "你好 👋", "--json"],
    ]);
    expect(sent.stderr + sent.stdout).toContain("phone");
    expect(sent.exitCode).toBe(0);
    expect(line.server.messages.at(-1)).toMatchObject({ to: GUEST, body: "你好 👋" });
  });

  it("refuses a target that is no whole number with one sentence", async () => {
    const sent = await line.gateway.openclaw([
      "message",
      "send",
      "--channel",
      "phone",
      "--target",
      "12",
      "--message",
      "x",
    ]);
    expect(sent.exitCode).not.toBe(0);
  });

  it("carries a cron job's announcement to the phone", async () => {
    const added = await line.gateway.openclaw([
      ...[
        "cron",
        "add",
        "--name",
        "briefing",
        "--at",
        "2s",
        "--session",
        "isolated",
        "--message",
        "What is the weather?",
      ],
      ...["--announce", "--channel", "phone", "--to", OWNER, "--delete-after-run"],
    ]);
    expect(added.exitCode).toBe(0);
    const before = line.server.messages.length;
    const text = await line.server.until(
      () => line.server.messages.slice(before).find((message) => message.to === OWNER),
      "the announcement",
      { timeoutMs: 30_000 },
    );
    expect(text.body).toContain("sunny");
  }, 60_000);
});

it("kept the two sessions apart", () => {
  expect(requestsAbout(line.model, "run a command").every((request) => request.tools.length === 0)).toBe(
    true,
  );
  expect(line.server.violations).toEqual([]);
});
