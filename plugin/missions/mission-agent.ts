/**
 * Owns asking the agent about a mission: a turn of its own without tools, in a session that is nobody's and is removed
 * when the question is answered. Only inside the gateway: no other way to the agent can be kept without tools.
 */
import type { AgentAnswer, AgentPort } from "../agent/port.ts";
import { type Log, messageOf } from "../log.ts";
import { missionSession } from "../trust/sessions.ts";
import { DECISION_CONTEXT, type DecisionQuestion, decisionPrompt, readAnswer, repairPrompt } from "./decisions.ts";

export interface MissionAgentParameters {
  /** The embedded agent. */
  readonly agent: AgentPort;
  /** What counts for a line; its model is set by the hooks. */
  lineOf(name: string): { readonly agentId: string; readonly thinking?: string | undefined };
  /** Removes a session with all that was said in it. */
  removeSession(session: { readonly agentId: string; readonly sessionKey: string }): Promise<void>;
  newId(): string;
  readonly log: Log;
}

/** A question, and the mission it is about. */
export interface AskedDecision extends DecisionQuestion {
  /** Our id. */
  readonly mission: string;
  readonly line: string;
}

/** How long one answer may take. */
const ANSWER_LIMIT_MS = 120_000;

/** Asks for a decision; once more when the answer cannot be used. @returns undefined when there is no answer to use. */
export type Decide = (question: AskedDecision, signal: AbortSignal) => Promise<object | undefined>;

export function createMissionAgent(parameters: MissionAgentParameters): Decide {
  const { agent, log, newId } = parameters;
  return async (question, signal) => {
    const { agentId, thinking } = parameters.lineOf(question.line);
    const questionId = newId();
    const session = missionSession(agentId, question.mission, questionId);
    const ask = async (words: string): Promise<AgentAnswer> =>
      await agent.run(
        {
          session,
          line: question.line,
          words,
          callId: `mission-${questionId}`,
          runId: newId(),
          isTask: true,
          voiceContext: DECISION_CONTEXT,
          timeoutMs: ANSWER_LIMIT_MS,
          ...(thinking === undefined ? {} : { thinking }),
        },
        { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} },
        AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
      );
    try {
      let words = decisionPrompt(question);
      for (const isLast of [false, true]) {
        const answered = await ask(words);
        if (answered.kind !== "answered") {
          if (answered.kind === "failed") log.warn(`The agent did not decide: ${answered.reason}`);
          return undefined;
        }
        const read = readAnswer(question, answered.text);
        if ("answer" in read) return read.answer;
        if (isLast) log.warn(`The agent's decision (${question.kind}) could not be used. ${read.problem}`);
        words = repairPrompt(question, read.problem);
      }
      return undefined;
    } finally {
      await parameters.removeSession(session).catch((error: unknown) => {
        log.debug(`The session ${session.sessionKey} could not be removed: ${messageOf(error)}`);
      });
    }
  };
}
