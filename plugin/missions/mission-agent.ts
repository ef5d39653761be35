/**
 * Owns asking the agent about a mission: a turn of its own without tools, in a session that is nobody's and is removed
 * when the question is answered. Only inside the gateway: no other way to the agent can be kept without tools.
 */
import type { AgentAnswer, AgentPort } from "../agent/port.ts";
import { type Log, messageOf } from "../log.ts";
import type { MissionWork } from "../store/mission-work.ts";
import { missionSession } from "../trust/sessions.ts";
import {
  type AskedKind,
  DECISION_CONTEXT,
  type DecisionQuestion,
  decisionPrompt,
  readAnswer,
  repairPrompt,
} from "./decisions.ts";
import type { DecisionAnswers } from "./schedulers.ts";

/** A question, and the mission it is about. */
export interface MissionQuestion extends DecisionQuestion {
  readonly work: Pick<MissionWork, "mission" | "line">;
}

/** Whoever decides about missions. */
export interface MissionAgent {
  /**
   * Asks for a decision; once more when the answer cannot be used.
   *
   * @returns undefined when there is no answer to use.
   * @throws the signal's reason.
   */
  decide<Kind extends AskedKind>(
    question: MissionQuestion & { readonly kind: Kind },
    signal: AbortSignal,
  ): Promise<DecisionAnswers[Kind] | undefined>;
}

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

/** How long one answer may take. */
const ANSWER_LIMIT_MS = 120_000;

export function createMissionAgent(parameters: MissionAgentParameters): MissionAgent {
  const { agent, log, newId } = parameters;

  async function decide(question: MissionQuestion, signal: AbortSignal): Promise<object | undefined> {
    const { mission, line } = question.work;
    const { agentId, thinking } = parameters.lineOf(line);
    const questionId = newId();
    const session = missionSession(agentId, mission.id, questionId);
    const ask = async (words: string): Promise<AgentAnswer> =>
      await agent.run(
        {
          session,
          line,
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
        signal.throwIfAborted();
        if (answered.kind !== "answered") {
          log.warn(
            `The agent did not decide about the mission ${mission.slug}: ${answered.kind === "failed" ? answered.reason : "it took too long."}`,
          );
          return undefined;
        }
        const read = readAnswer(question, answered.text);
        if ("answer" in read) return read.answer;
        if (isLast) {
          log.warn(
            `What the agent decided about the mission ${mission.slug} (${question.kind}) could not be used. ${read.problem}`,
          );
        }
        words = repairPrompt(question, read.problem);
      }
      return undefined;
    } finally {
      await parameters.removeSession(session).catch((error: unknown) => {
        log.debug(`The session ${session.sessionKey} could not be removed: ${messageOf(error)}`);
      });
    }
  }

  return {
    // Each answer was read by the schema of its kind.
    decide: async (question, signal) => (await decide(question, signal)) as never,
  };
}
