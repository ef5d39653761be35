/**
 * How soon the caller hears the first words. One run, one machine, the same model stub; ratios are what counts.
 *
 * ClawdTalk: Switchboard in the gateway, the public client's `sessions_send` way (repaired: it names a calling session
 * of its own), and the floor (the model's first token plus its first sentence).
 *
 * ClawCall takes one whole answer for each thing said, so there the first words are the answer: Switchboard in the
 * gateway, and the plain way, a process `openclaw agent --session-id … --message … --json` for each turn (what the
 * public listener does). Both on one gateway, taking turns, each first as often as the other.
 *
 * npm run bench:first-speech -- [--turns 30] [--answer-turns 12] [--line clawdtalk|clawcall]
 */
import { parseArgs } from "node:util";
import { FALLBACK_ANSWER } from "../plugin/practice/model-script.ts";
import { type ClawCallLine, startClawCallLine } from "../test/gateway/clawcall-line.ts";
import { type PhoneLine, startPhoneLine } from "../test/gateway/phone-line.ts";
import { median, percentile, printTable } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "30" },
    "answer-turns": { type: "string", default: "12" },
    line: { type: "string" },
  },
});
const turns = Number(values.turns);
const answerTurns = Number(values["answer-turns"]);
const WARM_UP_TURNS = 3;
/** As in gateway-facts: 200 ms to the first token, 25 ms a word, 45 words, a first sentence of seven. */
const MODEL = { firstTokenMs: 200, perWordMs: 25 };
const FIRST_SENTENCE_END = FALLBACK_ANSWER.indexOf(".") + 1;
const ANSWER_BEGINNING = "what I can tell you";
const QUESTION = "Please tell me how things stand.";

interface Sample {
  readonly firstMs: number;
  readonly doneMs: number;
}

async function measure(turn: () => Promise<Sample>): Promise<Sample[]> {
  for (let index = 0; index < WARM_UP_TURNS; index++) await turn();
  const samples: Sample[] = [];
  for (let index = 0; index < turns; index++) samples.push(await turn());
  return samples;
}

/** What the model itself takes until its first sentence stands, streamed straight from it. */
async function floorTurn(modelUrl: string): Promise<Sample> {
  const startedAt = performance.now();
  const response = await fetch(`${modelUrl}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "scripted",
      stream: true,
      messages: [{ role: "user", content: QUESTION }],
    }),
  });
  let text = "";
  let firstMs = 0;
  for await (const chunk of response.body ?? []) {
    for (const part of Buffer.from(chunk)
      .toString()
      .matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)) {
      text += JSON.parse(`"${part[1]}"`);
    }
    // The first word of the second sentence proves the first one complete.
    if (firstMs === 0 && text.length > FIRST_SENTENCE_END) firstMs = performance.now() - startedAt;
  }
  return { firstMs, doneMs: performance.now() - startedAt };
}

async function sessionsSendTurn({ gateway }: PhoneLine): Promise<Sample> {
  const startedAt = performance.now();
  const response = await fetch(`${gateway.url}/tools/invoke`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      tool: "sessions_send",
      sessionKey: "agent:main:phone",
      args: { sessionKey: "agent:main:main", message: QUESTION, timeoutSeconds: 60 },
    }),
  });
  const answer = await response.text();
  if (!answer.includes(ANSWER_BEGINNING))
    throw new Error(`sessions_send did not answer: ${answer.slice(0, 300)}`);
  const doneMs = performance.now() - startedAt;
  return { firstMs: doneMs, doneMs };
}

/** Runs one way on a gateway of its own and counts the model's requests per turn. */
async function way(name: string, run: (line: PhoneLine) => Promise<() => Promise<Sample>>) {
  const line = await startPhoneLine({
    model: MODEL,
    config: { gateway: { tools: { allow: ["sessions_send"] } } },
  });
  try {
    const turn = await run(line);
    const before = line.model.requests.length;
    const samples = await measure(turn);
    // Follow-up calls a way makes behind its answer belong to it.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const modelCalls = (line.model.requests.length - before) / (turns + WARM_UP_TURNS);
    return { name, samples, modelCalls };
  } finally {
    await line.close();
  }
}

/** Both ways to answer a ClawCall turn, on one gateway, in alternating order. */
async function answersOverClawCall() {
  const line = await startClawCallLine({ model: MODEL });
  try {
    const call = await line.server.ring();
    const ways = [
      {
        name: "switchboard",
        turn: async (question: string) => (await call.say(question).result({ timeoutMs: 30_000 })).atMs,
        samples: [] as number[],
        modelCalls: 0,
      },
      {
        name: "child process",
        turn: (question: string) => childProcessTurn(line, question),
        samples: [] as number[],
        modelCalls: 0,
      },
    ];
    for (let index = -WARM_UP_TURNS; index < answerTurns; index++) {
      for (const way of index % 2 === 0 ? ways : ways.toReversed()) {
        const before = line.model.requests.length;
        // The same words again, this soon, would be the same message delivered twice.
        const tookMs = await way.turn(`${QUESTION} Question ${index + WARM_UP_TURNS + 1}.`);
        if (index < 0) continue;
        way.samples.push(tookMs);
        way.modelCalls += line.model.requests.length - before;
      }
    }
    call.hangUp();
    return ways;
  } finally {
    await line.close();
  }
}

async function childProcessTurn({ gateway }: ClawCallLine, question: string): Promise<number> {
  const startedAt = performance.now();
  const { stdout, stderr } = await gateway.openclaw([
    ...["agent", "--session-id", "bench-child-process", "--message", question, "--json"],
  ]);
  const tookMs = performance.now() - startedAt;
  if (!stdout.includes(ANSWER_BEGINNING))
    throw new Error(`openclaw agent did not answer: ${stdout.slice(0, 200)} ${stderr.slice(0, 300)}`);
  return tookMs;
}

async function benchClawCall(): Promise<void> {
  const ways = await answersOverClawCall();
  printTable(
    `ClawCall, words to answer, ${answerTurns} turns each, milliseconds`,
    ways.map(({ name, samples, modelCalls }) => ({
      way: name,
      p50: Math.round(median(samples)),
      p95: Math.round(percentile(samples, 0.95)),
      "model calls": (modelCalls / answerTurns).toFixed(2),
    })),
  );
  const [ours = [], theirs = []] = ways.map(({ samples }) => samples);
  const ratio = (share: number) => (percentile(ours, share) / percentile(theirs, share)).toFixed(2);
  console.log(`switchboard / child process (median):          ${ratio(0.5)}   wanted <= 0.60`);
  console.log(`switchboard / child process (95th percentile): ${ratio(0.95)}`);
}

async function benchClawdTalk(): Promise<void> {
  const results = [
    await way("switchboard", async ({ server }) => {
      const call = await server.ring();
      await call.heardGreeting({ timeoutMs: 10_000 });
      return async () => {
        const turn = call.say(QUESTION);
        const first = await turn.firstSpeech({ timeoutMs: 30_000 });
        const result = await turn.result({ timeoutMs: 30_000 });
        return { firstMs: first.atMs, doneMs: result.atMs };
      };
    }),
    await way("sessions_send", async (line) => {
      // Only an existing session can be the target: one owner's text makes it.
      await line.server.text({ body: QUESTION }).reply({ timeoutMs: 30_000 });
      return () => sessionsSendTurn(line);
    }),
    await way(
      "floor",
      async ({ model }) =>
        () =>
          floorTurn(model.url),
    ),
  ];

  const firsts = Object.fromEntries(
    results.map(({ name, samples }) => [name, samples.map((sample) => sample.firstMs)]),
  );
  printTable(
    `ClawdTalk, first speech, ${turns} turns each, milliseconds`,
    results.map(({ name, samples, modelCalls }) => ({
      way: name,
      "first p50": Math.round(median(samples.map((sample) => sample.firstMs))),
      "first p95": Math.round(
        percentile(
          samples.map((sample) => sample.firstMs),
          0.95,
        ),
      ),
      "done p50": Math.round(median(samples.map((sample) => sample.doneMs))),
      "model calls": modelCalls.toFixed(2),
    })),
  );
  const ours = firsts["switchboard"] ?? [];
  const floor = firsts["floor"] ?? [];
  const theirs = firsts["sessions_send"] ?? [];
  console.log(
    `switchboard / sessions_send (median): ${(median(ours) / median(theirs)).toFixed(2)}   wanted <= 0.40`,
  );
  console.log(
    `switchboard - floor, median:          ${Math.round(median(ours) - median(floor))} ms   wanted <= 150`,
  );
  console.log(
    `switchboard - floor, 95th percentile: ${Math.round(percentile(ours, 0.95) - percentile(floor, 0.95))} ms   wanted <= 300`,
  );
}

if (values.line !== "clawcall") await benchClawdTalk();
if (values.line !== "clawdtalk") await benchClawCall();
