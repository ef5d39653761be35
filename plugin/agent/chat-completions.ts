/**
 * Owns a turn by the gateway's streaming chat-completions endpoint: for skill-only installs whose owner has
 * opened it (`gateway.http.endpoints.chatCompletions.enabled`). The first sentence comes early, and a turn is one
 * model call.
 *
 * Gateway docs, "OpenAI chat completions". Tried on OpenClaw 2026.9.6: a system message is added to the agent's
 * own prompt and replaces nothing; messages before and after a tool call are joined by a blank line; an aborted
 * request ends the run. There is no field for the thinking level.
 */
import { createParser } from "eventsource-parser";
import { z } from "zod";
import { jsonIn } from "../json-text.ts";
import { type GatewayAddress, GatewayProblem, postWithPatience, readJson } from "./gateway-http.ts";
import { onlyTheOwner } from "./only-the-owner.ts";
import type { AgentAnswer, AgentPort, AgentTurn, AgentTurnListener } from "./port.ts";
import { isSessionBusy } from "./session-busy.ts";

const PATH = "/v1/chat/completions";

/** What the gateway writes when the agent has nothing to say. */
const NOTHING_SAID = "No response from OpenClaw.";

const chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
  error: z.object({ message: z.string() }).optional(),
});

const refusal = z.object({ error: z.object({ message: z.string() }) });

/** A turn as a streamed completion in the owner's session. Serves the owner only. */
export function createChatCompletionsAgent(gateway: GatewayAddress): AgentPort {
  return onlyTheOwner({
    async run(turn, listener, signal) {
      const isBusy = await isSessionBusy(gateway, turn.session.sessionKey, signal);
      if (!isBusy) listener.onStarted();
      const answer = await postWithPatience(gateway, {
        path: PATH,
        headers: headersOf(turn),
        body: {
          model: `openclaw/${turn.session.agentId}`,
          stream: true,
          messages: [
            { role: "system", content: turn.voiceContext },
            { role: "user", content: turn.words },
          ],
        },
        signal,
      });
      if (!answer.ok || answer.body === null) throw await problemOf(answer);
      return await follow(answer.body, listener);
    },
  });
}

/**
 * Whether the endpoint is open. Costs no model call: the request has no message.
 *
 * @throws GatewayProblem `unreachable`, `token` or `starting`.
 */
export async function isChatCompletionsOpen(gateway: GatewayAddress, signal?: AbortSignal): Promise<boolean> {
  const answer = await postWithPatience(gateway, { path: PATH, body: { messages: [] }, signal });
  return answer.status === 400 && refusal.safeParse(await readJson(answer)).success;
}

function headersOf(turn: AgentTurn): Record<string, string> {
  return {
    "x-openclaw-session-key": turn.session.sessionKey,
    // The gateway's name for speech: its prompt then does not invite to markup, as it does for its web chat.
    "x-openclaw-message-channel": "voice",
    ...(turn.model === undefined ? {} : { "x-openclaw-model": turn.model }),
  };
}

async function problemOf(answer: Response): Promise<GatewayProblem> {
  const said = refusal.safeParse(await readJson(answer)).data?.error.message;
  if (answer.status === 404) {
    return new GatewayProblem(
      "notAllowed",
      "The gateway's streaming endpoint is off: set gateway.http.endpoints.chatCompletions.enabled to true.",
    );
  }
  return new GatewayProblem("refused", `The gateway says: ${said ?? `HTTP ${answer.status}`}`);
}

/** @throws GatewayProblem when the run failed or the stream broke off. */
async function follow(body: ReadableStream<Uint8Array>, listener: AgentTurnListener): Promise<AgentAnswer> {
  let text = "";
  let isComplete = false;
  let failure: string | undefined;
  const parser = createParser({
    onEvent: ({ data }) => {
      const read = data === "[DONE]" ? undefined : chunk.safeParse(jsonIn(data)).data;
      failure ??= read?.error?.message;
      for (const choice of read?.choices ?? []) {
        if (choice.finish_reason) isComplete = true;
        const more = choice.delta?.content;
        if (!more) continue;
        if (text === "") listener.onStarted();
        text += more;
        if (!NOTHING_SAID.startsWith(text)) listener.onText(text);
      }
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of body) parser.feed(decoder.decode(bytes, { stream: true }));
  if (failure !== undefined) throw new GatewayProblem("refused", `The agent's run failed: ${failure}.`);
  if (!isComplete) throw new GatewayProblem("refused", "The gateway broke off in the middle of an answer.");
  return { kind: "answered", text: text === NOTHING_SAID ? "" : text };
}
