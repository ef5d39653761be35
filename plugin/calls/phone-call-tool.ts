/** Owns the agent's tool `phone_call`: the one way to place a call, as `phone call` is for the command line. */
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { z } from "zod";
import { describePlacedCall, describeStatus } from "../command-line/phone-words.ts";
import { asQuotation } from "../command-line/quoted.ts";
import { carrierNames } from "../config/schema.ts";
import { withStore } from "../store/database.ts";
import { quotation } from "../trust/quotation.ts";
import { hasOwnTools } from "../trust/sessions.ts";
import { callTranscript, lookUpCall, waitForEnd } from "./call-information.ts";
import { writtenTranscript } from "./outcome.ts";
import { type CallSettings, type PlacedCallAnswer, requestCall } from "./request-call.ts";

const wanted = z.object({
  number: z.string().describe('The phone number, with its country code, or "me" for your owner.'),
  objective: z
    .string()
    .describe(
      "What the call is to reach, with everything that is needed for it; on a call to your owner, the words that are said first.",
    ),
  greeting: z
    .string()
    .optional()
    .describe("What is said first; to somebody else after the words that say who is calling."),
  context: z
    .string()
    .optional()
    .describe("What may be used on the call beside the objective. Nothing private that it does not need."),
  carrier: z.enum(carrierNames).optional().describe("Only lines of this phone service."),
  line: z.string().optional().describe("Only this line."),
  at: z
    .string()
    .optional()
    .describe('When to call: "2026-11-24T09:30", "09:30" (the next one), "+20m". Now when not given.'),
  wait: z
    .boolean()
    .optional()
    .describe(
      "Wait for the end of the call and answer with what was said; not together with `at`. Its result comes by itself else.",
    ),
});

const DESCRIPTION =
  "Call a phone number for your owner, or your owner, now or at a time. The line that can do it is chosen, and named in the answer with the call's id. How the call went is told in this conversation when it is over: do not poll. Ask your owner before you call somebody else, unless they told you to.";

/** Also in the mode that agent turns use: a tool registered elsewhere is not there for them (gateway facts, "Two traps"). */
export function registerPhoneCallTool(api: OpenClawPluginApi, settings: () => CallSettings): void {
  api.registerTool(
    ({ sessionKey }) => {
      if (!hasOwnTools(sessionKey)) return null;
      return {
        name: "phone_call",
        label: "Call",
        description: DESCRIPTION,
        parameters: z.toJSONSchema(wanted, { target: "draft-7", io: "input" }),
        async execute(_toolCallId: string, given: unknown, signal?: AbortSignal) {
          const { wait, number, ...request } = wanted.parse(given);
          const places = settings();
          // Whoever waits hears the result as the tool's answer.
          const isAwaited = wait === true && request.at === undefined;
          const askedIn = isAwaited ? undefined : sessionKey;
          const call = await requestCall({ ...request, to: number, askedIn }, places, signal, {
            isRunning: true,
          });
          const said = [describePlacedCall(call), ...call.notes];
          if (isAwaited) said.push(await ended(call, places, signal));
          return { content: [{ type: "text" as const, text: said.join("\n") }], details: { call } };
        },
      };
    },
    { name: "phone_call" },
  );
}

/** How the call ended, and what was said on it, which is not ours to obey. */
async function ended(
  { id }: PlacedCallAnswer,
  { config, stateFolder }: CallSettings,
  signal: AbortSignal | undefined,
): Promise<string> {
  return await withStore({ stateFolder }, async (store) => {
    // The lines of this very process hear how the call ends.
    const using = { store, config, signal, isFollowed: async () => true };
    const status = await waitForEnd(await lookUpCall({ id }, using), using);
    const { lines } = await callTranscript(await lookUpCall({ id }, using), using);
    const transcript =
      lines.length === 0 ? "Nothing was said." : quotation("the call's transcript", writtenTranscript(lines));
    return `${describeStatus(status, asQuotation)}\n${transcript}`;
  });
}
