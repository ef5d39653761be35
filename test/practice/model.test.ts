// Proves the scripted model: the formats of both kinds of answer, its timing, its rules, its faults, and what
// it keeps of each request.
import { afterEach, describe, expect, it } from "vitest";
import { type ModelOptions, type PracticeModel, startPracticeModel } from "../../plugin/practice/model.ts";
import { FALLBACK_ANSWER, withWordCount, wordsOf } from "../../plugin/practice/model-script.ts";

const models: PracticeModel[] = [];

async function start(options: ModelOptions = {}): Promise<PracticeModel> {
  const model = await startPracticeModel({ firstTokenMs: 0, perWordMs: 0, ...options });
  models.push(model);
  return model;
}

afterEach(async () => {
  await Promise.all(models.splice(0).map((model) => model.close()));
});

interface Chunk {
  readonly object: string;
  readonly choices: {
    delta: { role?: string; content?: string; tool_calls?: unknown[] };
    finish_reason: string | null;
  }[];
  readonly usage?: { completion_tokens: number } | null;
}

const user = (content: unknown) => ({ role: "user", content });

function post(model: PracticeModel, body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(`${model.url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "any", ...body }),
    ...init,
  });
}

/** The streamed chunks, each with the milliseconds since the request; the end must be `[DONE]`. */
async function stream(model: PracticeModel, body: object): Promise<{ chunk: Chunk; atMs: number }[]> {
  const sentAt = performance.now();
  const answer = await post(model, { stream: true, ...body });
  expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const chunks: { chunk: Chunk; atMs: number }[] = [];
  let rest = "";
  let done = false;
  for await (const text of (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      expect(done, "nothing may follow [DONE]").toBe(false);
      expect(event).toMatch(/^data: /);
      done = event === "data: [DONE]";
      if (!done) chunks.push({ chunk: JSON.parse(event.slice(6)), atMs: performance.now() - sentAt });
    }
  }
  expect([done, rest]).toEqual([true, ""]);
  return chunks;
}

async function say(model: PracticeModel, ...messages: object[]): Promise<string> {
  const chunks = await stream(model, { messages });
  return chunks.map(({ chunk }) => chunk.choices[0]?.delta.content ?? "").join("");
}

describe("a streamed answer", () => {
  it("comes word by word, role first, with a reason to finish", async () => {
    const model = await start({ script: [{ when: /./, answer: "Two words." }] });
    const chunks = await stream(model, { messages: [user("Hello")] });
    expect(chunks.map(({ chunk }) => chunk.choices[0])).toEqual([
      { index: 0, delta: { role: "assistant", content: "" }, finish_reason: null },
      { index: 0, delta: { content: "Two" }, finish_reason: null },
      { index: 0, delta: { content: " words." }, finish_reason: null },
      { index: 0, delta: {}, finish_reason: "stop" },
    ]);
    for (const { chunk } of chunks) {
      expect(chunk).toMatchObject({
        object: "chat.completion.chunk",
        model: "any",
        id: "chatcmpl-practice-1",
      });
      expect(chunk).not.toHaveProperty("usage");
    }
  });

  it("keeps to its timetable, and catches up after a delay", async () => {
    const script = [{ when: /./, answer: "word ", words: 31 }];
    const model = await start({ firstTokenMs: 100, perWordMs: 10, script });
    const blocked = model
      .until(() => model.requests[0]?.firstTokenAt, "the first word")
      .then(() => {
        const until = performance.now() + 250;
        while (performance.now() < until);
      });
    const chunks = await stream(model, { messages: [user("Hello")] });
    await blocked;
    expect(chunks[1]?.atMs).toBeGreaterThanOrEqual(98);
    // Due after 400 ms; pauses that begin anew after each word would make it 650.
    expect(chunks[31]?.atMs).toBeGreaterThanOrEqual(398);
    expect(chunks[31]?.atMs).toBeLessThan(600);
    expect(model.requests[0]?.firstTokenAt).toBeGreaterThan(model.requests[0]?.at ?? 0);
  });

  it("has 200 and 25 milliseconds when nothing else is said, and a rule its own", async () => {
    const model = await startPracticeModel({ script: [{ when: /quick/, answer: "Now.", firstTokenMs: 0 }] });
    models.push(model);
    const quick = await stream(model, { messages: [user("be quick")] });
    expect(quick[1]?.atMs).toBeLessThan(190);
    const usual = await stream(model, { messages: [user("thank you")] });
    expect(usual[1]?.atMs).toBeGreaterThanOrEqual(198);
    expect((usual[7]?.atMs ?? 0) - (usual[1]?.atMs ?? 0)).toBeGreaterThanOrEqual(130);
  });

  it("tells the usage at the end when asked", async () => {
    const model = await start({ script: [{ when: /./, answer: "Two words." }] });
    const chunks = await stream(model, {
      messages: [user("Hello")],
      stream_options: { include_usage: true },
    });
    expect(chunks.slice(0, -1).every(({ chunk }) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)?.chunk).toMatchObject({
      choices: [],
      usage: { completion_tokens: 2, prompt_tokens: expect.any(Number), total_tokens: expect.any(Number) },
    });
  });

  it("calls a tool in pieces, and answers after its result", async () => {
    const model = await start({
      script: [
        {
          when: /call (\+\d+)/,
          answer: "One moment.",
          toolCall: {
            name: "phone_call",
            arguments: ({ lastUserText }) => ({ to: /\+\d+/.exec(lastUserText)?.[0] }),
          },
        },
        { role: "tool", when: /ringing/, answer: ({ lastText }) => `It says: ${lastText}.` },
      ],
    });
    const question = user("call +15550002222 please");
    const chunks = await stream(model, { messages: [question], tools: [tool("phone_call")] });
    const deltas = chunks.map(({ chunk }) => chunk.choices[0]?.delta);
    expect(deltas.map((delta) => delta?.content ?? "").join("")).toBe("One moment.");
    const pieces = deltas.flatMap((delta) => delta?.tool_calls ?? []) as {
      index: number;
      id?: string;
      function: { name?: string; arguments: string };
    }[];
    expect(pieces).toHaveLength(3);
    expect(pieces[0]).toMatchObject({
      index: 0,
      type: "function",
      function: { name: "phone_call", arguments: "" },
    });
    expect(JSON.parse(pieces.map((piece) => piece.function.arguments).join(""))).toEqual({
      to: "+15550002222",
    });
    expect(chunks.at(-1)?.chunk.choices[0]?.finish_reason).toBe("tool_calls");

    const afterwards = [
      question,
      { role: "assistant", content: null, tool_calls: [] },
      { role: "tool", tool_call_id: pieces[0]?.id, content: [{ type: "text", text: "ringing" }] },
    ];
    expect(await say(model, ...afterwards)).toBe("It says: ringing.");
    expect(model.requests[0]?.tools).toEqual(["phone_call"]);
    expect(model.requests[1]).toMatchObject({ lastRole: "tool", lastUserText: "call +15550002222 please" });
  });
});

describe("an answer in one piece", () => {
  it("has the message and the usage", async () => {
    const model = await start({ script: [{ when: /./, answer: "Two words." }] });
    const answer = await post(model, { messages: [user("Hello")] });
    expect(await answer.json()).toMatchObject({
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: "Two words." }, finish_reason: "stop" }],
      usage: { completion_tokens: 2 },
    });
    expect(model.requests[0]).toMatchObject({ stream: false, aborted: false });
  });

  it("can be a tool call", async () => {
    const model = await start({
      script: [{ when: /./, answer: "", toolCall: { name: "look", arguments: { at: "sea" } } }],
    });
    const answer = await post(model, { messages: [user("Look")] });
    expect(await answer.json()).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            tool_calls: [
              {
                id: "call_practice_1",
                type: "function",
                function: { name: "look", arguments: '{"at":"sea"}' },
              },
            ],
          },
          finish_reason: "tool_calls",
        },
      ],
    });
  });
});

describe("which answer", () => {
  it("goes by the last user message, in the script's order, default answers last", async () => {
    const model = await start({
      script: [
        { when: /list/, answer: "Mine." },
        { when: /list/, answer: "Never." },
        { when: ({ messages }) => messages.length > 2, answer: "Many." },
      ],
    });
    expect(await say(model, user("What is on my list?"))).toBe("Mine.");
    expect(await say(model, user("list"), { role: "assistant", content: "list" }, user("hm"))).toBe("Many.");
    expect(await say(model, { role: "system", content: "list" }, user("hm"))).toBe(FALLBACK_ANSWER);
    expect(await say(model, user([{ type: "text", text: "my list" }]))).toBe("Mine.");
    model.script = [];
    expect(await say(model, user("What is on my list?"))).toContain("dentist");
    expect(await say(model, user("What's the weather like?"))).toContain("sunny");
    expect(await say(model, user("今天天气怎么样？"))).toContain("晴天");
    expect(await say(model, user("我明天有什么安排？"))).toMatch(/^\p{Script=Han}/u);
    expect(await say(model, user("Do it"), { role: "tool", content: "ok" })).toContain("done");
  });

  it("has 45 words in four sentences when nothing fits", async () => {
    expect(wordsOf(FALLBACK_ANSWER)).toHaveLength(45);
    const sentences = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(FALLBACK_ANSWER)];
    expect(sentences).toHaveLength(4);
    expect(wordsOf(sentences[0]?.segment ?? "")).toHaveLength(7);
  });

  it.each([
    ["It's 3.5 km, “about”… (fine).", ["It's", " 3.5", " km,", " “about”…", " (fine)."]],
    ["今天晴天，不冷。", ["今天", "晴天，", "不冷。"]],
    ["مرحبا بك.", ["مرحبا", " بك."]],
    ["", []],
  ])("is cut into words: %j", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it.each([
    ["One two three.", 2, "One two"],
    ["One two three.", 7, "One two three. One two three. One"],
    ["你好世界。", 3, "你好世界。你好"],
  ])("is cut or repeated to a number of words: %j, %i", (text, count, expected) => {
    expect(withWordCount(text, count)).toBe(expected);
  });
});

describe("what goes wrong", () => {
  it("is an error answer", async () => {
    const model = await start({ script: [{ when: /./, answer: "", fail: "http500" }] });
    const answer = await post(model, { messages: [user("Hello")], stream: true });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ error: { type: "server_error" } });
  });

  it("is no answer at all", async () => {
    const model = await start({ script: [{ when: /./, answer: "Never.", fail: "hang" }] });
    const asking = post(
      model,
      { messages: [user("Hello")], stream: true },
      { signal: AbortSignal.timeout(40) },
    );
    await expect(asking).rejects.toThrow("timeout");
    await model.until(() => model.requests[0]?.aborted || undefined, "the abort", { timeoutMs: 500 });
  });

  it.each([true, false])("is half an answer (stream: %s)", async (streaming) => {
    const model = await start({ script: [{ when: /./, answer: "One two three four.", fail: "drop" }] });
    let heard = "";
    const listening = async () => {
      const answer = await post(model, { messages: [user("Hello")], stream: streaming });
      const body = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream());
      for await (const text of body) heard += text;
    };
    await expect(listening()).rejects.toThrow();
    expect(heard.includes('" two"')).toBe(streaming);
    expect(heard).not.toContain("three");
    expect(model.requests[0]?.aborted).toBe(false);
  });

  it("is refused when it is no completion request", async () => {
    const model = await start();
    expect((await post(model, { messages: "Hello" })).status).toBe(400);
    expect((await fetch(`${model.url}/embeddings`, { method: "POST" })).status).toBe(404);
    expect(model.requests).toEqual([]);
  });
});

describe("what is kept", () => {
  it("is the whole request with its session hints, without the key", async () => {
    const model = await start();
    const messages = [{ role: "system", content: "Be short." }, user("Hello")];
    await post(
      model,
      { messages },
      { headers: { authorization: "Bearer cc_secret", "x-session-key": "agent:main" } },
    );
    const [request] = await model.waitForRequests(1, { timeoutMs: 500 });
    expect(request).toMatchObject({ model: "any", messages, lastText: "Hello", lastRole: "user", tools: [] });
    expect(request?.hints).toEqual({ "x-session-key": "agent:main" });
    expect(JSON.stringify(request)).not.toContain("cc_secret");
  });

  it("is that a client went away, and the answer stops there", async () => {
    const model = await start({ perWordMs: 20 });
    const aborted = new AbortController();
    const answer = await post(model, { messages: [user("Hello")], stream: true }, { signal: aborted.signal });
    await answer.body?.getReader().read();
    aborted.abort();
    await model.until(() => model.requests[0]?.aborted || undefined, "the abort", { timeoutMs: 500 });
    expect(model.requests[0]?.doneAt).toBeUndefined();
    await say(model, user("thanks"));
    expect(model.requests[1]).toMatchObject({ aborted: false, doneAt: expect.any(Number) });
  });

  it("can be waited for", async () => {
    const model = await start();
    const waiting = model.waitForRequests(2, { timeoutMs: 1_000 });
    await Promise.all([say(model, user("one")), say(model, user("two"))]);
    expect(await waiting).toHaveLength(2);
    await expect(model.waitForRequests(3, { timeoutMs: 5 })).rejects.toThrow("3 model requests");
  });
});

it("lists its one model", async () => {
  const model = await start({ modelId: "demo" });
  const answer = await fetch(`${model.url}/models`);
  expect(await answer.json()).toMatchObject({ object: "list", data: [{ id: "demo", object: "model" }] });
});

it("ends an answer that is under way when it is closed", async () => {
  const model = await start({ script: [{ when: /./, answer: "", fail: "hang" }] });
  const asking = expect(post(model, { messages: [user("Hello")] })).rejects.toThrow();
  await model.waitForRequests(1);
  await model.close();
  await asking;
});

function tool(name: string) {
  return { type: "function", function: { name, description: "", parameters: { type: "object" } } };
}
