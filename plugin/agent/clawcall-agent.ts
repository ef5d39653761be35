/**
 * Owns a turn by an HTTP agent of the owner's that speaks ClawCall's documented bridge (`CLAWCALL_AGENT_URL`):
 * `POST /clawcall/message` with `{call_sid, message}`, answered `{response, end_call}` (seed, "The bridge exposes").
 */
import { z } from "zod";
import { jsonIn } from "../json-text.ts";
import { messageOf } from "../log.ts";
import type { AgentAnswer, AgentPort, AgentTurn } from "./port.ts";

const PATH = "/clawcall/message";
/** What of a refusal's body is worth a log line, in characters. */
const REFUSAL_LENGTH = 200;

const answerSchema = z.object({ response: z.string(), end_call: z.boolean().nullish() });
const refusalSchema = z.object({ error: z.string() });

export interface ClawCallAgentParameters {
  /** With or without the path. A name and password in it are sent as such, and named nowhere. */
  readonly url: string;
  readonly fetch?: typeof fetch;
}

/** The agent is sent the whole request as it came from the carrier, prefix and all, as the documented one is. */
export function createClawCallAgent(parameters: ClawCallAgentParameters): AgentPort {
  const ask = parameters.fetch ?? fetch;
  const place = placeOf(parameters.url);
  return {
    async run(turn, listener, signal) {
      if (signal.aborted) return { kind: "aborted" };
      if (place === undefined) {
        return {
          kind: "failed",
          reason: "CLAWCALL_AGENT_URL is no http address; write one such as http://127.0.0.1:4747",
        };
      }
      const timeLimit = AbortSignal.timeout(turn.timeoutMs);
      listener.onStarted();
      try {
        return await askAgent(ask, place, turn, AbortSignal.any([signal, timeLimit]));
      } catch (error) {
        if (signal.aborted) return { kind: "aborted" };
        const reason = timeLimit.aborted
          ? `did not answer within ${turn.timeoutMs / 1000} s`
          : `cannot be reached (${networkProblem(error)})`;
        return { kind: "failed", reason: `the agent at ${place.name} ${reason}` };
      }
    },
  };
}

interface Place {
  readonly url: URL;
  readonly authorization: string | undefined;
  /** For the log: nothing secret in it. */
  readonly name: string;
}

/** @throws when it cannot be reached, or the signal is aborted. */
async function askAgent(
  ask: typeof fetch,
  place: Place,
  turn: AgentTurn,
  signal: AbortSignal,
): Promise<AgentAnswer> {
  const answer = await ask(place.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(place.authorization === undefined ? {} : { authorization: place.authorization }),
    },
    body: JSON.stringify({ call_sid: turn.callId, message: turn.asWritten ?? turn.words }),
    // A caller's words go to the place that was named, and to no other.
    redirect: "error",
    signal,
  });
  const body = await answer.text();
  if (!answer.ok) {
    const why = (refusalSchema.safeParse(jsonIn(body)).data?.error ?? body).trim().slice(0, REFUSAL_LENGTH);
    return {
      kind: "failed",
      reason: `the agent at ${place.name} answered HTTP ${answer.status}${why === "" ? "" : `: ${why}`}`,
    };
  }
  const read = answerSchema.safeParse(jsonIn(body));
  if (!read.success) {
    return {
      kind: "failed",
      reason: `the agent at ${place.name} did not answer {"response": "…", "end_call": …}`,
    };
  }
  return { kind: "answered", text: read.data.response, endCall: read.data.end_call ?? false };
}

function placeOf(address: string): Place | undefined {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path.endsWith(PATH) ? path : `${path}${PATH}`;
  return {
    url,
    name: url.origin,
    authorization:
      username === "" && password === ""
        ? undefined
        : `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")}`,
  };
}

/** As it was written where it is no percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function networkProblem(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : messageOf(cause ?? error);
}

/** The owner's turns go to an agent of theirs, `elsewhere`; it knows no tiers, so nobody else's do. */
export function ownerElsewhere(elsewhere: AgentPort, here: AgentPort): AgentPort {
  return {
    run: (turn, listener, signal) =>
      (turn.session.tier === "owner" ? elsewhere : here).run(turn, listener, signal),
  };
}
