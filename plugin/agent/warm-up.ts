/**
 * Owns the gateway's first run after a start: its caches fill on the first turn (2 to 7 s, gateway facts), which
 * would be silence on the first caller's line. A run that our `before_agent_run` hook stops fills them without a
 * model call.
 */
import type { Log } from "../log.ts";
import { warmUpSessionKey } from "../trust/sessions.ts";
import type { AgentPort } from "./port.ts";

/** Resolves when the caches are warm or it was given up; never rejects. */
export async function warmUp(agent: AgentPort, agentId: string, runId: string, log: Log): Promise<void> {
  const startedAtMs = performance.now();
  await agent.run(
    {
      session: { tier: "owner", agentId, sessionKey: warmUpSessionKey(agentId) },
      line: "warm-up",
      words: "warm-up",
      callId: "warm-up",
      runId,
      voiceContext: "",
      timeoutMs: 60_000,
    },
    { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} },
    AbortSignal.timeout(60_000),
  );
  log.debug(`Warmed up in ${Math.round(performance.now() - startedAtMs)} ms.`);
}
