/**
 * Owns telling whether the Switchboard plugin runs on a gateway: then it keeps the lines connected, and a second
 * client with the same key would push it out again and again.
 */
import { z } from "zod";
import { type GatewayAddress, GatewayProblem, whileStarting } from "../agent/gateway-http.ts";

const health = z.object({ switchboard: z.literal(true), speaksToOthers: z.boolean().default(true) });

/** What the plugin says of itself to anybody on the machine. */
export interface ActivePlugin {
  /** False where the gateway does not let it take part in conversations: then nobody speaks to others on a call. */
  readonly speaksToOthers: boolean;
}

const ANSWER_LIMIT_MS = 3_000;

/** Whether the plugin runs there; false also when nothing answers. */
export async function isPluginActive(gateway: GatewayAddress): Promise<boolean> {
  return (await activePlugin(gateway)) !== undefined;
}

/**
 * Asks the plugin's own route. The config file would tell less: an entry in it may be left over from an
 * uninstalled plugin or hold a skill's settings, and a plugin may be switched off in four places.
 *
 * @returns undefined when it is not there, and when nothing answers.
 */
export async function activePlugin(gateway: GatewayAddress): Promise<ActivePlugin | undefined> {
  try {
    return await whileStarting(() => ask(gateway), undefined);
  } catch {
    return undefined;
  }
}

async function ask(gateway: GatewayAddress): Promise<ActivePlugin | undefined> {
  const answer = await fetch(`${gateway.url}/switchboard/health`, {
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  const text = await answer.text();
  // While its plugins are being loaded, the gateway does not know their routes yet.
  if (answer.status === 503) throw new GatewayProblem("starting", "The gateway is not ready yet.");
  // Where the plugin is not there, the gateway's own page answers.
  return answer.ok && text.startsWith("{") ? health.safeParse(JSON.parse(text)).data : undefined;
}
