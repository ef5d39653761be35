/**
 * Owns the lines that the owner's session is to know without a turn of its own (how a call went): they go along
 * with the next words of the owner's. The gateway's HTTP interface has nothing that every next turn would read.
 */
import type { AgentAnswer, AgentPort, AgentTurn, AgentTurnListener } from "../agent/port.ts";

/** Older ones are left out: they are in the log. */
const MOST_LINES = 20;

/** The way to the agent, with what waits for the turn's session put in front of its words. */
export class Notices implements AgentPort {
  readonly #agent: AgentPort;
  /** By session key, the oldest first. */
  readonly #waiting = new Map<string, string[]>();

  constructor(agent: AgentPort) {
    this.#agent = agent;
  }

  /** Leaves one line for the session. */
  leave(sessionKey: string, line: string): void {
    const lines = [...(this.#waiting.get(sessionKey) ?? []), line];
    this.#waiting.set(sessionKey, lines.slice(-MOST_LINES));
  }

  async run(turn: AgentTurn, listener: AgentTurnListener, signal: AbortSignal): Promise<AgentAnswer> {
    const { sessionKey, tier } = turn.session;
    const lines = tier === "owner" ? this.#waiting.get(sessionKey) : undefined;
    if (lines === undefined) return await this.#agent.run(turn, listener, signal);
    this.#waiting.delete(sessionKey);
    const words = `[Since then: ${lines.join(" ")}]\n\n${turn.words}`;
    const answer = await this.#agent.run({ ...turn, words }, listener, signal);
    // The session may not have read them.
    if (answer.kind === "failed") for (const line of lines) this.leave(sessionKey, line);
    return answer;
  }
}
