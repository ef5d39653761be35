// Proves that a conversation comes out whole and once, wherever its bytes are cut and however often its stream breaks,
// and that it never ends silently.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CarrierRefused, CarrierUnreachable } from "../../plugin/carriers/carrier-errors.ts";
import {
  type FollowOptions,
  followConversation,
  type StreamPiece,
} from "../../plugin/carriers/stepone/stream.ts";

type Open = FollowOptions["open"];

const said = (role: string, content: string) => `data: ${JSON.stringify({ role, content })}\n\n`;
const DONE = said("system", "[DONE]");
/** "喂" twice is legal; quotes, line breaks and characters of four bytes are. */
const LINES = [
  ["assistant", "喂"],
  ["user", "喂"],
  ["user", "喂"],
  ["assistant", '他说"明天"\n见 \\o/ 😀𠮷'],
  ["user", "[DONE]"],
] as const;
const WORDS = LINES.map(([role, content]) => said(role, content));
const WHOLE = Buffer.from([": keep-alive\n", ...WORDS, ": keep-alive\n", DONE].join(""));

const never = new AbortController().signal;
const noWait = async () => {};

/** Streams that come one after the other; the last one again and again. Each breaks (throws) or ends. */
function streams(...wanted: readonly { bytes: Uint8Array; chunks?: readonly number[]; breaks?: boolean }[]): {
  open: Open;
  opened: () => number;
} {
  let opened = 0;
  const open: Open = async () => {
    const {
      bytes,
      chunks = [],
      breaks = false,
    } = wanted[Math.min(opened, wanted.length - 1)] ?? {
      bytes: Buffer.alloc(0),
    };
    opened += 1;
    return (async function* () {
      let start = 0;
      for (const end of [...chunks, bytes.length].sort((one, other) => one - other)) {
        if (end > start) yield bytes.subarray(start, end);
        start = Math.max(start, end);
      }
      if (breaks) throw Object.assign(new Error("aborted"), { code: "ECONNRESET" });
    })();
  };
  return { open, opened: () => opened };
}

async function follow(open: Open, more: Partial<FollowOptions> = {}): Promise<StreamPiece[]> {
  const pieces: StreamPiece[] = [];
  for await (const piece of followConversation({ open, signal: never, wait: noWait, ...more }))
    pieces.push(piece);
  return pieces;
}

const wordsOf = (pieces: readonly StreamPiece[]) =>
  pieces.flatMap((piece) => (piece.kind === "line" ? [[piece.role, piece.content]] : []));
const rawOf = (pieces: readonly StreamPiece[]) => Buffer.concat(pieces.map(({ raw }) => raw)).toString();
const endOf = (pieces: readonly StreamPiece[]) => pieces.find((piece) => piece.kind === "end");

const withoutComments = (raw: string) => raw.replaceAll(": keep-alive\n", "");

test("a whole stream: every line, its end, and its bytes as they came", async () => {
  const pieces = await follow(streams({ bytes: WHOLE }).open);
  expect(wordsOf(pieces)).toEqual(LINES);
  expect(endOf(pieces)).toMatchObject({ end: "done", isShort: false });
  expect(rawOf(pieces)).toBe(WHOLE.toString());
});

describe("cut at every byte", () => {
  const everyCut = Array.from({ length: WHOLE.length }, (_, at) => at);

  test.each([["breaks", true] as const, ["ends in good order", false] as const])(
    "a stream that %s there is taken up again: the same lines and the same events",
    async (_, breaks) => {
      for (const at of everyCut) {
        const cut = { bytes: WHOLE.subarray(0, at), breaks };
        const pieces = await follow(streams(cut, { bytes: WHOLE }).open);
        expect([at, wordsOf(pieces)]).toEqual([at, LINES]);
        expect(endOf(pieces)).toMatchObject({ end: "done", isShort: false });
        // In the last two places only the blank line after the end is missing, and nothing is left to be asked for.
        if (at < WHOLE.length - 2) expect(withoutComments(rawOf(pieces))).toBe(withoutComments(`${WHOLE}`));
      }
    },
  );

  test("two chunks that meet there are read as one", async () => {
    for (const at of everyCut) {
      const pieces = await follow(streams({ bytes: WHOLE, chunks: [at] }).open);
      expect([at, wordsOf(pieces), rawOf(pieces)]).toEqual([at, LINES, WHOLE.toString()]);
    }
  });
});

test("any conversation, in any chunks, broken any number of times: the same lines come out", async () => {
  const line = fc.tuple(
    fc.constantFrom("assistant", "user"),
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("喂", "[DONE]", "\r\n", "data: x\n\n", "😀")),
  );
  const conversation = fc.record({
    lines: fc.array(line, { maxLength: 6 }),
    lineEnd: fc.constantFrom("\n", "\r\n"),
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
    chunks: fc.array(fc.nat(), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(conversation, async ({ lines, lineEnd, cuts, chunks }) => {
      const text = lines.map(([role, content]) => `: keep-alive\n${said(role, content)}`).join("") + DONE;
      const bytes = Buffer.from(text.replaceAll("\n", lineEnd));
      const within = (at: number) => at % bytes.length;
      const wanted = [
        ...cuts.map((at) => ({ bytes: bytes.subarray(0, within(at)), breaks: at % 2 === 0 })),
        { bytes },
      ].map((stream) => ({ ...stream, chunks: chunks.map(within).filter((at) => at < stream.bytes.length) }));
      const pieces = await follow(streams(...wanted).open);
      expect(wordsOf(pieces)).toEqual(lines);
      expect(endOf(pieces)).toMatchObject({ end: "done" });
    }),
    { numRuns: 200 },
  );
});

describe("the end", () => {
  test("[TIMEOUT] is one", async () => {
    const bytes = Buffer.from(`: keep-alive\n${said("system", "[TIMEOUT]")}`);
    expect(endOf(await follow(streams({ bytes }).open))).toMatchObject({ end: "timeout" });
  });

  test("what the service itself says otherwise is none", async () => {
    const bytes = Buffer.from(said("system", "transferring") + DONE);
    expect(wordsOf(await follow(streams({ bytes }).open))).toEqual([["system", "transferring"]]);
  });

  test("that comes too early after a break says that lines may be missing", async () => {
    const first = { bytes: Buffer.from(WORDS.slice(0, 3).join("")), breaks: true };
    const pieces = await follow(streams(first, { bytes: Buffer.from(DONE) }).open);
    expect(endOf(pieces)).toMatchObject({ end: "done", isShort: true });
  });

  test("is the end even when the service never closes the stream", async () => {
    const open: Open = async (signal) =>
      (async function* () {
        yield Buffer.from(DONE);
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      })();
    expect(endOf(await follow(open, { limits: { graceMs: 5 } }))).toMatchObject({ end: "done" });
  });

  test("is the end even when comments go on and on after it", async () => {
    expect(endOf(await follow(chattering(DONE), { limits: { graceMs: 20 } }))).toMatchObject({ end: "done" });
  });
});

test("an event that is no line is told, and counts", async () => {
  const odd = "data: <html>\n\n";
  const first = { bytes: Buffer.from(WORDS[0] + odd), breaks: true };
  const pieces = await follow(
    streams(first, { bytes: Buffer.from(`${WORDS[0]}${odd}${WORDS[1]}${DONE}`) }).open,
  );
  expect(pieces.filter(({ kind }) => kind === "unreadable")).toMatchObject([{ data: "<html>" }]);
  expect(wordsOf(pieces)).toEqual([LINES[0], LINES[1]]);
});

describe("given up", () => {
  test.each([["breaks", true] as const, ["ends", false] as const])(
    "a stream that %s again and again ends with an error, after longer and longer waits",
    async (_, breaks) => {
      const { open, opened } = streams({ bytes: Buffer.from(WORDS[0] ?? ""), breaks });
      const waits: number[] = [];
      const pieces: StreamPiece[] = [];
      const work = async () => {
        const wait = async (milliseconds: number) => void waits.push(milliseconds);
        for await (const piece of followConversation({ open, signal: never, wait })) pieces.push(piece);
      };
      await expect(work()).rejects.toThrow(/breaks off again and again/);
      expect(wordsOf(pieces)).toEqual([LINES[0]]);
      expect(opened()).toBe(7);
      expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    },
  );

  test("new lines begin the count anew", async () => {
    const growing = Array.from({ length: 5 }, (_, count) => [
      ...Array.from({ length: 5 }, () => ({
        bytes: Buffer.from(WORDS.slice(0, count + 1).join("")),
        breaks: true,
      })),
    ]).flat();
    expect(wordsOf(await follow(streams(...growing, { bytes: WHOLE }).open))).toEqual(LINES);
  });

  test("a refusal is not asked again, trouble of the service is", async () => {
    let asked = 0;
    const refusing = (status: number): Open => {
      return async () => {
        asked += 1;
        throw new CarrierRefused("no", { status, mayHaveHappened: false });
      };
    };
    await expect(follow(refusing(401))).rejects.toThrow("no");
    expect(asked).toBe(1);
    await expect(follow(refusing(503))).rejects.toThrow("no");
    expect(asked).toBe(4);
  });

  test("a service that cannot be reached is told soon", async () => {
    let asked = 0;
    const open: Open = async () => {
      asked += 1;
      throw new CarrierUnreachable("nobody there", { mayHaveHappened: false });
    };
    await expect(follow(open)).rejects.toThrow("nobody there");
    expect(asked).toBe(3);
  });

  test("a stream that falls silent is opened again", async () => {
    let opened = 0;
    const open: Open = async (signal) => {
      opened += 1;
      if (opened > 1) return streams({ bytes: WHOLE }).open(signal);
      return (async function* () {
        yield Buffer.from(WORDS[0] ?? "");
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      })();
    };
    expect(wordsOf(await follow(open, { limits: { silenceMs: 10 } }))).toEqual(LINES);
  });
});

test("a stream of nothing but comments counts as broken", async () => {
  await expect(follow(chattering(""), { limits: { eventlessMs: 10, fruitless: 2 } })).rejects.toThrow();
  let opened = 0;
  const open: Open = async (signal) => {
    opened += 1;
    return await (opened === 1 ? chattering("") : streams({ bytes: WHOLE }).open)(signal);
  };
  expect(wordsOf(await follow(open, { limits: { eventlessMs: 10 } }))).toEqual(LINES);
});

/** A stream that begins with this and goes on with a comment every 2 ms until it is given up. */
function chattering(beginning: string): Open {
  return async (signal) =>
    (async function* () {
      yield Buffer.from(beginning);
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        signal.throwIfAborted();
        yield Buffer.from(": keep-alive\n");
      }
    })();
}

test("it ends at once when it is to stop, in the middle of a stream and between two", async () => {
  const inside = new AbortController();
  const silent: Open = async (signal) =>
    (async function* () {
      yield Buffer.from(WORDS[0] ?? "");
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    })();
  setTimeout(() => inside.abort(new Error("enough")), 10);
  await expect(follow(silent, { signal: inside.signal })).rejects.toThrow("enough");

  const between = new AbortController();
  const wait = async () => between.abort(new Error("enough"));
  await expect(
    follow(streams({ bytes: Buffer.alloc(0) }).open, { signal: between.signal, wait }),
  ).rejects.toThrow("enough");
});
