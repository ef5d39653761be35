// Proves the StepOne practice line's live streams: what they bring, when, and in whatever pieces they are told to.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StepOneStreamFault } from "../../plugin/practice/stepone-faults.ts";
import { type StepOnePractice, startStepOnePractice } from "../../plugin/practice/stepone-server.ts";
import { pause, rulesBroken, StepOneClient, type Streamed, said, TALKS, ZHANG } from "./stepone-client.ts";

let server: StepOnePractice;
let client: StepOneClient;

beforeEach(async () => {
  server = await startStepOnePractice({ timings: { keepAliveMs: 20 }, callees: { [ZHANG]: TALKS } });
  client = new StepOneClient(server);
});
afterEach(() => server.close());

const WHOLE = [
  { role: "assistant", content: "喂，您好，请问是张总吗？" },
  { role: "user", content: "喂" },
  { role: "user", content: "喂" },
  { role: "user", content: "对，是我👍" },
  { role: "system", content: "[DONE]" },
];

/** Until everything has been said. */
async function overCall(): Promise<string> {
  const id = await client.call();
  const call = await server.nextCall();
  await server.until(() => call.end, "the end of the call");
  return id;
}

/** The next stream goes wrong. */
function next(fault: Omit<StepOneStreamFault, "times">): void {
  server.faults.streams = [{ ...fault, times: 1 }];
}

/** The stream of a call that is over, without keep-alives in between. */
async function replayed(fault: Omit<StepOneStreamFault, "times">): Promise<Streamed> {
  const id = await overCall();
  next(fault);
  return client.stream(id);
}

const plain = WHOLE.map(
  ({ role, content }) => `data: {"role": "${role}", "content": ${JSON.stringify(content)}}\n\n`,
).join("");

describe("a stream", () => {
  it("begins before anybody picks up, and keeps itself alive", async () => {
    server.callees.set(ZHANG, { ...TALKS, ringMs: 200 });
    const began = Date.now();
    const { status, text, data, keepAlives, whole } = await client.stream(await client.call());
    expect([status, whole]).toEqual([200, true]);
    expect(data).toEqual(WHOLE);
    expect(text.slice(0, 26)).toBe(": keep-alive\n: keep-alive\n");
    expect(keepAlives).toBeGreaterThanOrEqual(4);
    expect(keepAlives).toBeLessThanOrEqual((Date.now() - began) / 19);
    expect(server.streams).toMatchObject([{ bytes: Buffer.byteLength(text), endedBy: "service" }]);
    expect(rulesBroken(server)).toEqual([]);
  });

  it("brings each line as it is said", async () => {
    server.callees.set(ZHANG, { does: "answer" });
    const id = await client.call();
    const call = await server.nextCall();
    await server.until(() => call.answeredAt, "somebody who picks up");
    const stream = client.stream(id);
    await server.until(() => server.streams[0], "a stream");
    call.say("assistant", '请问是“张总”吗？\n"第二行"');
    const before = server.streams[0]?.bytes ?? 0;
    expect(before).toBeGreaterThan(0);
    // Only the service's own word ends a stream, whoever else says it.
    call.say("user", "[DONE]");
    call.hangUp();
    expect((await stream).data).toEqual([
      { role: "assistant", content: '请问是“张总”吗？\n"第二行"' },
      { role: "user", content: "[DONE]" },
      { role: "system", content: "[DONE]" },
    ]);
  });

  it("says when nobody picked up, also to those who come later", async () => {
    server.timings.noAnswerMs = 200;
    server.callees.set(ZHANG, { does: "no_answer" });
    const id = await client.call();
    const { data, keepAlives, whole } = await client.stream(id);
    expect(data).toEqual([{ role: "system", content: "[TIMEOUT]" }]);
    expect(keepAlives).toBeGreaterThan(0);
    expect(whole).toBe(true);
    expect((await client.stream(id)).data).toEqual(data);
  });

  it("that is opened late begins at the beginning, as do others of the same call", async () => {
    server.callees.set(ZHANG, { does: "answer" });
    const id = await client.call();
    const call = await server.nextCall();
    await server.until(() => call.answeredAt, "somebody who picks up");
    const early = client.stream(id);
    call.say("assistant", "喂");
    await server.until(() => server.streams[0], "a stream");
    const late = client.stream(id);
    await server.until(() => server.streams[1], "another stream");
    call.say("user", "喂");
    call.hangUp();
    const lines = ["喂", "喂", "[DONE]"];
    for (const { data } of [await early, await late, await client.stream(id)]) {
      expect(data.map(({ content }) => content)).toEqual(lines);
    }
    expect((await client.stream(id)).keepAlives).toBe(0);
    expect(server.streams.map(({ callId }) => callId)).toEqual([id, id, id, id]);
  });

  it("is left by its client; the call goes on", async () => {
    server.callees.set(ZHANG, { does: "answer" });
    const id = await client.call();
    const call = await server.nextCall();
    await server.until(() => call.answeredAt, "somebody who picks up");
    const leaving = new AbortController();
    const left = client.stream(id, leaving.signal).catch(() => {});
    await server.until(() => server.streams[0], "a stream");
    leaving.abort();
    await server.until(() => server.streams[0]?.endedBy, "the end of the stream");
    await left;
    expect(server.streams[0]?.endedBy).toBe("client");
    expect(call.end).toBeUndefined();
    call.say("user", "喂");
    call.hangUp();
    expect((await client.stream(id)).data).toHaveLength(2);
  });
});

describe("a broken stream", () => {
  it("breaks after any number of bytes, and is whole the next time", async () => {
    const id = await overCall();
    const bytes = Buffer.from(plain);
    for (const cutAfterBytes of [0, 1, 5, 41, 43, 44, bytes.length - 1]) {
      next({ cutAfterBytes });
      const cut = await client.stream(id);
      expect(Buffer.concat(cut.chunks)).toEqual(bytes.subarray(0, cutAfterBytes));
      expect(cut.whole).toBe(false);
      expect(server.streams.at(-1)).toMatchObject({ bytes: cutAfterBytes, endedBy: "fault" });
    }
    expect(await client.stream(id)).toMatchObject({ text: plain, whole: true });
  });

  it("ends too early, in good order", async () => {
    const cut = await replayed({ cutAfterBytes: 60, cut: "end" });
    expect(Buffer.concat(cut.chunks)).toEqual(Buffer.from(plain).subarray(0, 60));
    expect(cut.whole).toBe(true);
  });

  it("falls silent", async () => {
    const id = await overCall();
    next({ cutAfterBytes: 60, cut: "hang" });
    const leaving = new AbortController();
    const stream = client.stream(id, leaving.signal);
    await server.until(() => server.streams[0]?.bytes || undefined, "some bytes");
    await pause(70);
    expect(server.streams[0]).toMatchObject({ bytes: 60, endedAt: undefined });
    leaving.abort();
    expect((await stream).chunks.reduce((sum, { length }) => sum + length, 0)).toBe(60);
    await server.until(() => server.streams[0]?.endedBy, "the end of the stream");
    expect(server.streams[0]?.endedBy).toBe("client");
  });

  it("ends without its last word", async () => {
    const { data, whole } = await replayed({ withoutEnd: true });
    expect(data).toEqual(WHOLE.slice(0, -1));
    expect(whole).toBe(true);
    expect(server.streams[0]?.endedBy).toBe("fault");
  });

  it("brings keep-alives and nothing else", async () => {
    const id = await overCall();
    next({ keepAliveOnly: true });
    const leaving = new AbortController();
    const stream = client.stream(id, leaving.signal);
    await server.until(() => (server.streams[0]?.bytes ?? 0) > 30 || undefined, "some keep-alives");
    await pause(10);
    leaving.abort();
    const { data, keepAlives } = await stream;
    expect(data).toEqual([]);
    expect(keepAlives).toBeGreaterThan(1);
  });

  it("is one of this call, as often as told", async () => {
    const one = await overCall();
    const other = await overCall();
    server.faults.streams = [{ callId: other, withoutEnd: true, times: 2 }];
    expect((await client.stream(one)).data).toHaveLength(5);
    expect((await client.stream(other)).data).toHaveLength(4);
    expect((await client.stream(other)).data).toHaveLength(4);
    expect((await client.stream(other)).data).toHaveLength(5);
  });
});

describe("a stream in pieces", () => {
  it("comes one byte at a time", async () => {
    const { chunks, text } = await replayed({ chunks: "bytes" });
    expect(text).toBe(plain);
    expect(chunks).toHaveLength(Buffer.byteLength(plain));
  });

  it("is split in the middle of its characters", async () => {
    const { chunks, text } = await replayed({ chunks: "characters" });
    expect(text).toBe(plain);
    const broken = chunks.filter((chunk) => chunk.toString().endsWith("\ufffd"));
    expect(broken).toHaveLength(plain.match(/[^\0-\x7f]/gu)?.length ?? -1);
  });

  it("is split in the middle of its lines", async () => {
    const { chunks, text } = await replayed({ chunks: "lines" });
    expect(text).toBe(plain);
    expect(chunks).toHaveLength(6);
    for (const chunk of chunks.slice(0, -1)) expect(chunk.toString()).not.toMatch(/\n$/);
    for (const chunk of chunks.slice(1, -1)) expect(chunk.toString()).toMatch(/.\n\n./);
  });

  it("is split in the middle of its line ends", async () => {
    const { chunks, text } = await replayed({ chunks: "bytes", lineEnd: "\r\n" });
    expect(text).toBe(plain.replaceAll("\n", "\r\n"));
    expect(chunks.some((chunk) => chunk.toString() === "\r")).toBe(true);
  });

  it("loses nothing when its call is going on", async () => {
    for (const chunks of ["bytes", "characters", "lines"] as const) {
      next({ chunks, lineEnd: "\r\n" });
      expect((await client.stream(await client.call())).data).toEqual(WHOLE);
    }
  });

  it("is slow", async () => {
    const began = Date.now();
    const { text } = await replayed({ chunks: "lines", chunkGapMs: 30 });
    expect(text).toBe(plain);
    expect(Date.now() - began).toBeGreaterThanOrEqual(5 * 29);
  });

  it("breaks in the middle of a slow one, too", async () => {
    const { text, whole } = await replayed({ chunks: "bytes", chunkGapMs: 1, cutAfterBytes: 20 });
    expect(text).toBe(plain.slice(0, 20));
    expect(whole).toBe(false);
  });

  it("is written in ASCII", async () => {
    const { data, text } = await replayed({ asciiOnly: true });
    expect(data).toEqual(WHOLE);
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(text).toContain("\\ud83d\\udc4d");
  });

  it("goes on at its pace when a slow client leaves", async () => {
    const id = await overCall();
    next({ chunks: "bytes", chunkGapMs: 2 });
    const leaving = new AbortController();
    const left = client.stream(id, leaving.signal).catch(() => {});
    await server.until(() => server.streams[0], "a stream");
    await pause(20);
    leaving.abort();
    await left;
    await server.until(() => server.streams[0]?.endedBy, "the end of the stream");
    expect(server.streams[0]?.endedBy).toBe("client");
    const { bytes } = server.streams[0] ?? { bytes: -1 };
    await pause(20);
    expect(server.streams[0]?.bytes).toBe(bytes);
  });
});

it("says lines of several scripts and lengths unharmed", async () => {
  const content = `${"长".repeat(20_000)}😀 \\ " \u2028 ${"a".repeat(20_000)}`;
  server.callees.set(ZHANG, { does: "talk", lines: [said("user", content)] });
  next({ chunks: "characters" });
  expect((await client.stream(await client.call())).data[0]?.content).toBe(content);
});
