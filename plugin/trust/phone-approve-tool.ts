/** Owns the agent's tool `phone_approve`: asks the owner on their phone, as `approval request` does from a shell. */
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { z } from "zod";
import type { CallSettings } from "../calls/request-call.ts";
import { chooseLine, NoUsableLine } from "../config/choose-line.ts";
import { WHAT_TO_DO } from "./approvals.ts";
import { askOnPhone } from "./ask-on-phone.ts";
import { hasOwnTools } from "./sessions.ts";

const wanted = z.object({
  action: z
    .string()
    .min(1)
    .describe('What you want to do, in a few words: "Delete the repository test-repo".'),
  details: z
    .string()
    .optional()
    .describe("What your owner has to see to decide: the whole text, the amount, …"),
  biometric: z
    .boolean()
    .optional()
    .describe("Your owner has to show a fingerprint or their face: for money and the like."),
  timeoutSeconds: z.int().min(10).max(3_600).optional().describe("How long to wait for an answer."),
  line: z.string().optional().describe("Ask over this ClawdTalk line."),
});

const DESCRIPTION =
  "Ask your owner for a yes on their phone before something that cannot be undone, costs money or goes out under their name, where nothing else asks them. Answers approved, denied, timeout, expired, no_devices, no_devices_reached or error: do it after approved, and after nothing else. It is about this one action alone. Tools that are sensitive on the phone ask by themselves: there, just use them.";

/** In the mode that agent turns use too (gateway facts, "Two traps"). Without a ClawdTalk line there is no such tool. */
export function registerPhoneApproveTool(api: OpenClawPluginApi, settings: () => CallSettings): void {
  api.registerTool(
    ({ sessionKey }) => {
      // Guests and strangers only talk.
      if (!hasOwnTools(sessionKey) || !canAsk(settings())) return null;
      return {
        name: "phone_approve",
        label: "Ask for approval",
        description: DESCRIPTION,
        parameters: z.toJSONSchema(wanted, { target: "draft-7", io: "input" }),
        async execute(_toolCallId: string, given: unknown, signal?: AbortSignal) {
          const { line: lineName, biometric = false, timeoutSeconds, ...wish } = wanted.parse(given);
          const all = settings();
          const { config } = all;
          const line = chooseLine(config, lineName, ["clawdtalk"]);
          const { id, answer, problem } = await askOnPhone(
            { ...wish, biometric, timeoutSeconds: timeoutSeconds ?? config.approvals.timeoutSeconds },
            line,
            all,
            signal,
          );
          const said = [answer, WHAT_TO_DO[answer], problem].filter((part) => part !== undefined);
          return {
            content: [{ type: "text" as const, text: said.join("\n") }],
            details: { approval: { id, answer } },
          };
        },
      };
    },
    { name: "phone_approve" },
  );
}

function canAsk({ config }: CallSettings): boolean {
  try {
    return chooseLine(config, undefined, ["clawdtalk"]).enabled;
  } catch (error) {
    if (error instanceof NoUsableLine) return false;
    throw error;
  }
}
