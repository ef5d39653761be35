/** Owns the line of the ClawCall tests on the gateway: ClawCall's practice server, the scripted model, a real gateway. */
import {
  type ClawCallOptions,
  type ClawCallPractice,
  startClawCallPractice,
} from "../../plugin/practice/clawcall-server.ts";
import { type LineOptions, OWNER, type PhoneLine, startLineOn } from "./phone-line.ts";

/** The agent's own number: anybody can dial it. */
export const DEDICATED = "+15550003333";

export type ClawCallLine = PhoneLine<ClawCallPractice>;

export async function startClawCallLine(
  options: LineOptions & {
    readonly server?: ClawCallOptions;
    /** What the account has before the gateway starts. */
    readonly beforeGateway?: (server: ClawCallPractice) => Promise<void>;
  } = {},
): Promise<ClawCallLine> {
  const { server: serverOptions, beforeGateway, ...lineOptions } = options;
  const server = await startClawCallPractice({
    ownerNumber: OWNER,
    dedicatedNumber: DEDICATED,
    tier: "pro",
    ...serverOptions,
  });
  await beforeGateway?.(server);
  return startLineOn(server, { clawcallBaseUrl: server.url, ...lineOptions });
}
