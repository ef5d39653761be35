/** Owns asking the running gateway about its phone, over its own HTTP, from another process. */
import type { SwitchboardConfig } from "../config/schema.ts";
import type { PhoneStatus } from "./service.ts";

/** The gateway could not be asked. The message is for people. */
export class GatewayNotReached extends Error {
  override readonly name = "GatewayNotReached";
  /** Nothing answers; it refuses the token; it runs without the plugin. */
  readonly reason: "silent" | "token" | "absent";

  constructor(message: string, reason: GatewayNotReached["reason"]) {
    super(message);
    this.reason = reason;
  }
}

const ANSWER_LIMIT_MS = 5_000;

/** @throws GatewayNotReached */
export async function askPhoneStatus(config: SwitchboardConfig): Promise<PhoneStatus> {
  return (await ask(config, "/switchboard/status")) as PhoneStatus;
}

/**
 * The last lines of the phone's log, oldest first.
 *
 * @throws GatewayNotReached
 */
export async function askPhoneLog(config: SwitchboardConfig): Promise<readonly string[]> {
  return ((await ask(config, "/switchboard/logs")) as { lines: string[] }).lines;
}

/** A call to the owner that is about to be placed by another process. */
export interface AnnouncedCall {
  readonly line: string;
  readonly greeting: string;
  readonly purpose?: string | undefined;
}

/**
 * Has the owner's session know what a call begins with before the phone rings, so that "tell me more" has a past.
 * Nothing is lost without it: the first words on the call bring it too.
 *
 * @throws GatewayNotReached
 */
export async function announceCall(config: SwitchboardConfig, call: AnnouncedCall): Promise<void> {
  await ask(config, "/switchboard/announce", call);
}

async function ask(config: SwitchboardConfig, path: string, body?: object): Promise<unknown> {
  const url = config.gatewayUrl ?? "http://127.0.0.1:18789";
  let answer: Response;
  try {
    answer = await fetch(new URL(path, url), {
      headers: {
        ...(config.gatewayToken === undefined ? {} : { authorization: `Bearer ${config.gatewayToken}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
  } catch {
    throw new GatewayNotReached(
      `No gateway answers at ${url}. Start it with: openclaw gateway start`,
      "silent",
    );
  }
  if (answer.ok && answer.headers.get("content-type")?.includes("json")) return await answer.json();
  await answer.body?.cancel();
  if (answer.status === 401 || answer.status === 403) {
    throw new GatewayNotReached(
      `The gateway at ${url} refuses its token. Check gateway.auth.token in its config.`,
      "token",
    );
  }
  throw new GatewayNotReached(
    `The gateway at ${url} runs without Switchboard. Check: openclaw plugins inspect switchboard`,
    "absent",
  );
}
