/**
 * Owns the one rule of every way to the agent that has no hooks of ours in the gateway: it serves the verified
 * owner and nobody else. Also where such a way's errors become answers.
 */
import { GatewayProblem } from "./gateway-http.ts";
import type { AgentPort } from "./port.ts";

/**
 * The same way, for the owner only: nothing of anybody else's turn is sent. `way.run` may throw; the result
 * never rejects.
 */
export function onlyTheOwner(way: AgentPort): AgentPort {
  return {
    async run(turn, listener, signal) {
      if (turn.session.tier !== "owner") {
        return {
          kind: "failed",
          reason: `Words of a ${turn.session.tier} were not passed on: without the plugin only the owner is served.`,
        };
      }
      if (signal.aborted) return { kind: "aborted" };
      try {
        return await way.run(turn, listener, signal);
      } catch (error) {
        if (signal.aborted) return { kind: "aborted" };
        const known = error instanceof GatewayProblem;
        return { kind: "failed", reason: known ? error.message : `The turn failed: ${String(error)}` };
      }
    },
  };
}
