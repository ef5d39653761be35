/**
 * Owns the turn inside the gateway process: `api.runtime.agent.runEmbeddedAgent`, one lane per call.
 *
 * Measured (gateway facts): first word after 0.31 s, one model call a turn; a shared lane makes the last of
 * eight callers wait ten seconds, a lane per call 0.9 s.
 */
import type { PluginRuntime } from "openclaw/plugin-sdk/core";
import { messageOf } from "../log.ts";
import { END_CALL } from "../trust/sessions.ts";
import { phoneRuns } from "./phone-runs.ts";
import type { AgentAnswer, AgentPort, AgentTurn, AgentTurnListener } from "./port.ts";
import type { SessionTurns } from "./session-turns.ts";

type AgentRuntime = PluginRuntime["agent"];
type EmbeddedParameters = Parameters<AgentRuntime["runEmbeddedAgent"]>[0];

/** What {@link createEmbeddedAgent} needs beside the gateway's runtime. */
interface EmbeddedAgentParameters {
  /** Shared with whatever else of ours starts runs in the same sessions. */
  readonly turns: SessionTurns;
  newId(): string;
}

/** A turn as the gateway's own; `runtime` is the plugin's `api.runtime`. */
export function createEmbeddedAgent(runtime: PluginRuntime, parameters: EmbeddedAgentParameters): AgentPort {
  const { turns, newId } = parameters;
  return {
    async run(turn, listener, signal) {
      if (signal.aborted) return { kind: "aborted" };
      try {
        return await turns.take(turn.session, () => runTurn(runtime, newId, turn, listener, signal), signal);
      } catch (error) {
        if (signal.aborted) return { kind: "aborted" };
        const reason = messageOf(error);
        return { kind: "failed", reason, isRestarting: DRAINING.test(reason) };
      }
    },
  };
}

async function runTurn(
  runtime: PluginRuntime,
  newId: () => string,
  turn: AgentTurn,
  listener: AgentTurnListener,
  signal: AbortSignal,
): Promise<AgentAnswer> {
  const config = runtime.config.current() as NonNullable<EmbeddedParameters["config"]>;
  const { agentId, sessionKey } = turn.session;
  /** The text of the current message so far. */
  let text = "";
  let saidThatOwnerIsAsked = false;
  phoneRuns().runs.set(turn.runId, {
    line: turn.line,
    language: turn.language,
    quickAnswers: turn.quickAnswers,
    isTask: turn.isTask,
    systemPrompt: turn.session.tier === "owner" ? undefined : turn.voiceContext,
    tier: turn.session.tier,
    call:
      turn.turnNumber === undefined
        ? undefined
        : {
            id: turn.callId,
            turn: turn.turnNumber,
            words: turn.words,
            isStrong: turn.isCertainlyOwner === true,
          },
    endsAtMs: Date.now() + turn.timeoutMs,
    sayOnce: () => {
      if (!saidThatOwnerIsAsked) listener.onAskingOwner?.();
      saidThatOwnerIsAsked = true;
    },
    isOpen: () => !signal.aborted,
  });
  try {
    const result = await runtime.agent.runEmbeddedAgent({
      ...(await openSession(runtime.agent, turn.session, newId)),
      sessionKey,
      agentId,
      config,
      workspaceDir: runtime.agent.resolveAgentWorkspaceDir(config, agentId),
      agentDir: runtime.agent.resolveAgentDir(config, agentId),
      prompt: turn.words,
      extraSystemPrompt: turn.voiceContext,
      runId: turn.runId,
      lane: `switchboard:${turn.callId}`,
      timeoutMs: turn.timeoutMs,
      trigger: "user",
      messageChannel: "phone",
      messageProvider: "phone",
      agentAccountId: turn.line,
      chatType: "direct",
      senderIsOwner: turn.session.tier === "owner",
      terminalReplyExpectation: "required",
      abortSignal: signal,
      ...thinkingChoice(runtime.agent, turn),
      ...tierLimits(turn),
      onExecutionStarted: () => listener.onStarted(),
      onExecutionPhase: (phase) => {
        if (phase.phase !== "tool_execution_started" || phase.tool === undefined) return;
        // The last words are the answer: nothing follows that they would have to be heard before.
        if (phase.tool === END_CALL) return;
        text = "";
        // What was said before the tool is complete: it is spoken while the tool works.
        listener.onMessageEnd();
        listener.onTool(phase.tool);
      },
      onPartialReply: (partial) => {
        if (!partial.text) return;
        // A message that begins without a tool before it is the same answer once more, after a model error: it
        // goes on as a rewritten text, so that nothing is said twice.
        text = partial.text;
        listener.onText(text);
      },
    });
    const answer = toAnswer(result, signal);
    // The call of our tool ends the run, with the words before it as its answer; through the search surface they were
    // handed over as a complete message already.
    if (answer.kind !== "aborted" && hasEndedCall(result)) return { kind: "answered", text, endCall: true };
    // Only a complete message is written down, so all of it was said.
    if (answer.kind === "failed" && text !== "" && NOT_WRITTEN_DOWN.test(answer.reason)) {
      return { kind: "answered", text };
    }
    return answer;
  } finally {
    phoneRuns().runs.delete(turn.runId);
  }
}

/** What the gateway says of turns it does not take any more, because it ends or begins again. */
const DRAINING = /draining/i;

/**
 * What the gateway says when a message of another channel came into the session in the middle of a run
 * (see `session-turns.ts`): the answer is then missing in the session's history, but nowhere else.
 */
const NOT_WRITTEN_DOWN = /transcript changed/i;

/**
 * Ends the call. A tool of the run's own, which the gateway hands back to us instead of running it: one model call,
 * and nothing that a session without this call could reach. Where the gateway keeps tools behind its search surface
 * it is called through `tool_call`, with the same result.
 */
const END_CALL_TOOL = {
  type: "function",
  function: {
    name: END_CALL,
    description:
      "Hang up the phone call you are on, after what you have just said was heard. Say goodbye first, in the same message.",
    parameters: { type: "object", properties: {}, additionalProperties: false },
  },
} as const;

function hasEndedCall({ meta }: Awaited<ReturnType<AgentRuntime["runEmbeddedAgent"]>>): boolean {
  return meta.pendingToolCalls?.some(({ name }) => name === END_CALL) === true;
}

function toAnswer(
  result: Awaited<ReturnType<AgentRuntime["runEmbeddedAgent"]>>,
  signal: AbortSignal,
): AgentAnswer {
  if (signal.aborted) return { kind: "aborted" };
  const spoken = (result.payloads ?? []).filter(
    (payload) => payload.text && !payload.isReasoning && !payload.isCommentary,
  );
  const last = spoken.at(-1);
  if (last?.isError || result.meta.error || result.meta.aborted) {
    return { kind: "failed", reason: result.meta.error?.message ?? last?.text ?? "the agent's run failed" };
  }
  return { kind: "answered", text: last?.text ?? "" };
}

/** The session's current id; a session nobody has used yet is created. */
export async function openSession(
  agent: AgentRuntime,
  { agentId, sessionKey }: { agentId: string; sessionKey: string },
  newSessionId: () => string,
): Promise<{ sessionId: string }> {
  const known = agent.session.getSessionEntry({ agentId, sessionKey });
  if (known?.sessionId) return { sessionId: known.sessionId };
  const sessionId = newSessionId();
  await agent.session.upsertSessionEntry({
    agentId,
    sessionKey,
    entry: { sessionId, updatedAt: Date.now() },
  });
  return { sessionId };
}

/** The line's thinking level. Its model is set by the `before_model_resolve` hook, for calls and texts alike. */
function thinkingChoice(agent: AgentRuntime, turn: AgentTurn): Partial<EmbeddedParameters> {
  const thinkLevel = turn.thinking === undefined ? undefined : agent.normalizeThinkingLevel(turn.thinking);
  return thinkLevel === undefined ? {} : { thinkLevel };
}

/**
 * What a run of this tier is offered. The lightweight context leaves the owner's workspace files out of the
 * prompt (gateway facts: an empty workspace does not); tools are refused once more by the `before_tool_call` hook.
 */
function tierLimits(turn: AgentTurn): Partial<EmbeddedParameters> {
  const clientTools = turn.canEndCall ? { clientTools: [END_CALL_TOOL] } : {};
  if (turn.session.tier === "owner") return clientTools;
  return {
    ...(turn.canEndCall ? { ...clientTools, toolsAllow: [END_CALL] } : { disableTools: true }),
    disableMessageTool: true,
    bootstrapContextMode: "lightweight",
  };
}
