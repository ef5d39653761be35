/**
 * Owns the line of a test call inside the gateway: a temporary one, to a practice server on this machine, beside the real
 * lines. A caller's words take the way they take on a real ClawdTalk line, to the owner's own agent; nothing of it is
 * configured, stored or told to the owner's session, and its session goes with it.
 */
import { randomUUID } from "node:crypto";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { deleteSessionEntry } from "openclaw/plugin-sdk/session-store-runtime";
import { z } from "zod";
import { phoneRuns } from "../agent/phone-runs.ts";
import type { AgentAnswer, AgentPort } from "../agent/port.ts";
import { Calls } from "../calls/calls.ts";
import { CheckedVoice } from "../calls/checked-voice.ts";
import { carrierContext, defaultGreeting, voiceContext } from "../calls/voice-context.ts";
import type { LineStatus } from "../carriers/carrier.ts";
import { createClawdTalkCarrier } from "../carriers/clawdtalk/carrier.ts";
import { isLoopback } from "../config/private-url.ts";
import { secretsOf } from "../config/redaction.ts";
import { type LineConfig, lineDefaults, type SwitchboardConfig } from "../config/schema.ts";
import { createRingLog, type Log, messageOf } from "../log.ts";
import { testCallSession } from "../trust/sessions.ts";

/** What `POST /switchboard/test-call` is asked: the practice server to take one call from. */
export const testCallRequest = z.object({
  server: z.string().refine(isOnThisMachine),
  key: z.string().regex(/^[\w-]{1,100}$/),
});

/** What it answers when the call is over. `problem` is the agent's own failure, one sentence. */
export type TestCallAnswer = { readonly ok: true } | { readonly ok: false; readonly problem: string };

interface TestCallParameters {
  readonly api: OpenClawPluginApi;
  readonly config: SwitchboardConfig;
  /** The line whose settings are tried; the defaults where there is none. */
  readonly like: LineConfig | undefined;
  readonly agentId: string;
  readonly agent: AgentPort;
  readonly version: string;
  readonly log: Log;
}

/** A turn takes a minute or two at most, also on a slow model. */
const LIMIT_MS = 180_000;

/** Takes one call, to its end or until the signal is aborted. Never rejects. */
export async function takeTestCall(
  { server, key }: z.infer<typeof testCallRequest>,
  parameters: TestCallParameters,
  signal: AbortSignal,
): Promise<TestCallAnswer> {
  const { api, config, like, agentId, version } = parameters;
  const name = `test-call-${randomUUID().slice(0, 8)}`;
  const session = testCallSession(agentId, randomUUID());
  const names = { ownerName: config.ownerName, agentName: config.agentName };
  const log = createRingLog(parameters.log, 1);
  const agent = watched(parameters.agent);
  const carrier = createClawdTalkCarrier({
    line: { name, apiKey: key, server },
    ...names,
    version,
    log,
    logLines: () => [],
  });
  const over = Promise.withResolvers<TestCallAnswer>();
  const calls = new Calls({
    line: name,
    carrier: new CheckedVoice({
      secrets: secretsOf(config),
      ownerNumbers: config.ownerNumbers,
    }).speakingWith(carrier),
    agent: agent.port,
    settings: {
      speech: like?.speech ?? lineDefaults.speech,
      progressAfterMs: like?.progressAfterMs ?? lineDefaults.progressAfterMs,
      timeoutMs: LIMIT_MS,
      model: like?.model,
      thinking: like?.thinking,
      language: like?.language,
    },
    greeting: like?.greeting ?? config.greeting ?? defaultGreeting(names, like?.language),
    context: carrierContext(names),
    noteCall: async () => ({ greet: true }),
    speakerOf: async () => ({
      known: true,
      kind: "conversation",
      session,
      voiceContext: voiceContext(session, names, { replacement: config.voicePrompt }),
    }),
    preparedBriefing: () => undefined,
    noteHeard: () => {},
    endCall: async () => {},
    noteEnded: async () => {
      const problem = agent.problem();
      over.resolve(problem === undefined ? { ok: true } : { ok: false, problem });
    },
    newRunId: randomUUID,
    now: () => performance.now(),
    log,
  });
  const stop = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const giveUp = () => over.resolve({ ok: false, problem: "The test call was broken off." });
  stop.addEventListener("abort", giveUp, { once: true });
  phoneRuns().lines.set(name, { model: like?.model, ownerNumbers: config.ownerNumbers });
  try {
    carrier.start({
      onCallSetup: (call) => calls.onCallSetup(call),
      onCallStarted: (call) => calls.onCallStarted(call),
      onTurn: (turn) => calls.onTurn(turn),
      onCallEnded: (outcome) => calls.onCallEnded(outcome),
      onOrderCompleted() {},
      onText() {},
      onWalkie() {},
      onApproval() {},
      onMissionNews() {},
      onStatus: ({ state, detail }: LineStatus) => {
        if (state === "refused") over.resolve({ ok: false, problem: detail });
      },
    });
    return await over.promise;
  } finally {
    stop.removeEventListener("abort", giveUp);
    calls.stop();
    await Promise.all([carrier.stop(), agent.finished()]);
    phoneRuns().lines.delete(name);
    await forget(session, { api, log: parameters.log });
  }
}

/** The same agent; what became of its runs can be asked. */
function watched(agent: AgentPort): {
  readonly port: AgentPort;
  finished(): Promise<unknown>;
  /** Why the last run came to nothing. */
  problem(): string | undefined;
} {
  const runs: Promise<AgentAnswer>[] = [];
  let last: AgentAnswer | undefined;
  return {
    port: {
      run: async (turn, listener, signal) => {
        const run = agent.run(turn, listener, signal);
        runs.push(run);
        last = await run;
        return last;
      },
    },
    finished: () => Promise.all(runs),
    problem: () => (last?.kind === "failed" ? `The agent did not answer: ${last.reason}` : undefined),
  };
}

/** Deletes the session with everything that was said in it. Never rejects. */
async function forget(
  { agentId, sessionKey }: { readonly agentId: string; readonly sessionKey: string },
  { api, log }: { readonly api: OpenClawPluginApi; readonly log: Log },
): Promise<void> {
  try {
    if (api.runtime.agent.session.getSessionEntry({ agentId, sessionKey }) === undefined) return;
    await deleteSessionEntry({ agentId, sessionKey, archiveTranscript: false });
  } catch (error) {
    log.warn(`The session of the test call could not be deleted: ${messageOf(error)}`);
  }
}

function isOnThisMachine(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return protocol === "http:" && hostname !== undefined && isLoopback(hostname);
}
