/** Owns asking the gateway whether a session is at work just now: a turn of ours would wait for that work. */
import { z } from "zod";
import { callTool, type GatewayAddress } from "./gateway-http.ts";

/** Measured: 8 to 15 ms. A gateway that takes longer is not waited for. */
const ANSWER_LIMIT_MS = 300;
const MOST_SESSIONS = 200;

const inventory = z.object({ sessions: z.array(z.object({ key: z.string() })) });

/** Whether a run of the session is queued or going on. False also when that cannot be told. Never rejects. */
export async function isSessionBusy(
  gateway: GatewayAddress,
  sessionKey: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const details = await callTool(gateway, {
      tool: "sessions_list",
      args: { activeOnly: true, limit: MOST_SESSIONS },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
    });
    const names = listedNames(sessionKey);
    return inventory.parse(details).sessions.some(({ key }) => names.includes(key));
  } catch {
    return false;
  }
}

/** Under `session.scope: global` the gateway lists the main session under a shorter name. */
function listedNames(sessionKey: string): readonly string[] {
  return /^agent:[^:]+:main$/.test(sessionKey) || sessionKey === "global"
    ? [sessionKey, "main", "global"]
    : [sessionKey];
}
