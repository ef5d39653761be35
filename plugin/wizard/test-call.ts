/**
 * Owns the test call: somebody rings the owner's own agent on a practice line that lives in this process, and what was
 * heard is told, with the time it took. The running gateway takes the call on a temporary line beside its real ones;
 * nothing of it is left behind, neither in its config nor in any history. Where the gateway is without the plugin, the
 * agent is spoken to as the background process would: over HTTP.
 */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { createHttpAgent } from "../agent/http-agent.ts";
import { voiceContext } from "../calls/voice-context.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import type { TestCallAnswer } from "../lines/test-call-line.ts";
import { messageOf } from "../log.ts";
import { startClawdTalkPractice } from "../practice/clawdtalk-server.ts";
import { PracticeError } from "../practice/waiting.ts";
import { speakable } from "../speech/speakable.ts";
import { testCallSession } from "../trust/sessions.ts";

/** What came of a test call. Times in milliseconds since the caller spoke. */
export interface TestCall {
  /** Everything that was heard, in order, the greeting first where a line of the gateway's gave one. */
  readonly heard: readonly string[];
  /** Until the first word of the answer. */
  readonly firstWordMs: number;
  /** Until the answer's end. */
  readonly wholeMs: number;
}

export interface TestCallParameters {
  /** Where the gateway is, and its token. */
  readonly config: Pick<
    SwitchboardConfig,
    "gatewayUrl" | "gatewayToken" | "ownerName" | "agentName" | "agentId"
  >;
  readonly signal?: AbortSignal | undefined;
  /** What the caller says. */
  readonly words?: string | undefined;
}

/** The test call did not come to its end. The message is for people. */
export class TestCallFailed extends Error {
  override readonly name: string = "TestCallFailed";
}

/** No test call can be made without leaving words behind, which says nothing of real calls. */
export class NoTestCall extends TestCallFailed {
  override readonly name = "NoTestCall";
}

/** Answered from what every agent knows: a tool would be refused on this call. */
export const TEST_WORDS =
  "This is a test of the phone line. Please answer in one short sentence, without using any tool: can you hear me?";

/** A gateway that has just started fills its caches first. */
const CONNECT_LIMIT_MS = 75_000;
const ANSWER_LIMIT_MS = 120_000;
const GREETING_LIMIT_MS = 10_000;

const answerShape = z.union([
  z.object({ ok: z.literal(true) }),
  z.object({ ok: z.literal(false), problem: z.string() }),
]);

/**
 * Makes the call.
 *
 * @throws TestCallFailed with a sentence that says what to do; the signal's reason when it is aborted.
 */
export async function testCall(parameters: TestCallParameters): Promise<TestCall> {
  parameters.signal?.throwIfAborted();
  try {
    return await callThroughPlugin(parameters);
  } catch (error) {
    if (error instanceof WithoutPlugin) return await askOverHttp(parameters);
    throw error;
  }
}

/** The gateway answers, and knows no Switchboard. */
class WithoutPlugin extends TestCallFailed {}

async function callThroughPlugin({
  config,
  signal,
  words = TEST_WORDS,
}: TestCallParameters): Promise<TestCall> {
  const server = await startClawdTalkPractice({ keys: [`practice-${randomUUID()}`] });
  const hangUp = new AbortController();
  const ended = AbortSignal.any([hangUp.signal, ...(signal === undefined ? [] : [signal])]);
  try {
    const taken = takeCall(config, { server: server.url, key: server.key }, ended);
    // What it answers is looked at when the call is over; what it refuses, at once.
    const refused = taken.then((answer) => {
      throw new TestCallFailed(answer.ok ? "The gateway hung up before the test call." : answer.problem);
    });
    refused.catch(() => {});
    const call = (async () => {
      await server.waitForClient({ timeoutMs: CONNECT_LIMIT_MS });
      const ring = await server.ring();
      const greeting = await ring.heardGreeting({ timeoutMs: GREETING_LIMIT_MS });
      const turn = ring.say(words);
      const first = await turn.firstSpeech({ timeoutMs: ANSWER_LIMIT_MS });
      const whole = await turn.result({ timeoutMs: ANSWER_LIMIT_MS });
      ring.hangUp();
      return {
        heard: [greeting.text, ...turn.heard],
        firstWordMs: Math.round(first.atMs),
        wholeMs: Math.round(whole.atMs),
      };
    })();
    call.catch(() => {});
    const heard = await Promise.race([call, refused]);
    const answer = await taken;
    if (!answer.ok) throw new TestCallFailed(answer.problem);
    return heard;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof PracticeError) throw new TestCallFailed(`The test call failed: ${error.message}`);
    throw error;
  } finally {
    hangUp.abort();
    await server.close();
  }
}

/** One turn, as the background process of a skill-only install takes it. */
async function askOverHttp({ config, signal, words = TEST_WORDS }: TestCallParameters): Promise<TestCall> {
  const agent = createHttpAgent(
    { url: config.gatewayUrl ?? DEFAULT_URL, token: config.gatewayToken },
    { directChatsShareMain: true },
  );
  const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
  const stop = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const { way, detail } = await agent.check(stop);
  signal?.throwIfAborted();
  if (way === undefined) throw new TestCallFailed(detail);
  // Measured: the tool reaches no session that the gateway keeps in its memory alone.
  if (way === "sessions-send") {
    throw new NoTestCall(
      "No test call is made by sessions_send: what is said would stay in your own session. Ring your number instead, or open the streaming endpoint (gateway.http.endpoints.chatCompletions.enabled).",
    );
  }
  const session = testCallSession(config.agentId ?? agent.defaultAgentId, randomUUID());
  const askedAtMs = performance.now();
  let firstWordMs: number | undefined;
  const answer = await agent.run(
    {
      session,
      line: "test-call",
      words,
      callId: randomUUID(),
      runId: randomUUID(),
      voiceContext: voiceContext(session, config),
      timeoutMs: ANSWER_LIMIT_MS,
    },
    {
      onStarted() {},
      onText: () => {
        firstWordMs ??= performance.now() - askedAtMs;
      },
      onMessageEnd() {},
      onTool() {},
    },
    stop,
  );
  const wholeMs = Math.round(performance.now() - askedAtMs);
  signal?.throwIfAborted();
  if (answer.kind !== "answered") {
    throw new TestCallFailed(
      `The agent did not answer: ${answer.kind === "failed" ? answer.reason : "it took too long."}`,
    );
  }
  const heard = speakable(answer.text);
  if (heard === "") throw new TestCallFailed("The agent answered without a word.");
  return { heard: [heard], firstWordMs: Math.round(firstWordMs ?? wholeMs), wholeMs };
}

const DEFAULT_URL = "http://127.0.0.1:18789";

/** Has the gateway take a call from the practice line; resolves when that is over. */
async function takeCall(
  config: TestCallParameters["config"],
  line: { readonly server: string; readonly key: string },
  signal: AbortSignal,
): Promise<TestCallAnswer> {
  const url = config.gatewayUrl ?? DEFAULT_URL;
  let answer: Response;
  try {
    answer = await fetch(new URL("/switchboard/test-call", url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(config.gatewayToken === undefined ? {} : { authorization: `Bearer ${config.gatewayToken}` }),
      },
      body: JSON.stringify(line),
      signal,
    });
  } catch (error) {
    throw new TestCallFailed(
      `No gateway answers at ${url} (${messageOf(error)}). Start it with: openclaw gateway start`,
    );
  }
  if (answer.ok && answer.headers.get("content-type")?.includes("json")) {
    const read = answerShape.safeParse(await answer.json());
    return read.success ? read.data : { ok: false, problem: "The gateway's answer was not understood." };
  }
  await answer.body?.cancel();
  if (answer.status === 401 || answer.status === 403) {
    throw new TestCallFailed(
      `The gateway at ${url} refuses its token. Check gateway.auth.token in its config.`,
    );
  }
  throw new WithoutPlugin(`The gateway at ${url} runs without Switchboard.`);
}
