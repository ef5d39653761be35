/**
 * Owns a turn by the gateway's tool `sessions_send`, called over HTTP (`POST /tools/invoke`): for skill-only
 * installs whose owner has not opened the streaming endpoint.
 *
 * The tool is made for agents that talk to each other. Measured on OpenClaw 2026.9.6, one turn each:
 *
 * | calling session | channel header | model calls |
 * |---|---|---|
 * | none (= the owner's main session) | | refused: a session cannot send to itself |
 * | `agent:main:phone` | none, `voice` | 7 |
 * | `agent:main:phone` | `webchat` | 2 |
 * | `agent:main:cron:phone:run:1` | any | 2 |
 * | `agent:main:subagent:phone` | | refused: such sessions may not send |
 * | `agent:main:switchboard:direct:owner` | any | **1** |
 *
 * The last one looks like a direct chat. Where direct chats share the main session (`session.dmScope` is `main`,
 * the default) the gateway takes it for the same conversation as its target, so there is nobody to reply back to.
 * With another `dmScope`, with `session.scope: global` and with bindings it is 2: the header keeps it from being 7.
 *
 * An answer comes as a whole, and a run goes on when the request is aborted: the next turn waits for it.
 */
import { z } from "zod";
import { callTool, type GatewayAddress, GatewayProblem, whileStarting } from "./gateway-http.ts";
import { onlyTheOwner } from "./only-the-owner.ts";
import type { AgentAnswer, AgentPort, AgentTurn } from "./port.ts";
import { isSessionBusy } from "./session-busy.ts";

/** The session in whose name we speak: like a direct chat with the owner. The gateway makes no such session. */
function callingSession(agentId: string): string {
  return `agent:${agentId}:switchboard:direct:owner`;
}

const HEADERS = { "x-openclaw-message-channel": "webchat" };

/** Calls remembered as told about themselves. */
const REMEMBERED_CALLS = 500;

const sendResult = z.object({
  status: z.string(),
  reply: z.string().optional(),
  error: z.string().optional(),
  /** The run was begun although this is an error. */
  sentBeforeError: z.boolean().optional(),
});

/** A turn as a message to the owner's session. Serves the owner only. */
export function createSessionsSendAgent(gateway: GatewayAddress): AgentPort {
  /** By call: the context its session has read, which stays in the transcript. The newest last. */
  const told = new Map<string, string>();

  /** The tool takes no system prompt, so what the agent is told stands in the message: each thing once a call. */
  function messageOf(turn: AgentTurn): string {
    const before = told.get(turn.callId);
    const isNews = before === undefined || !turn.voiceContext.startsWith(before);
    told.delete(turn.callId);
    told.set(turn.callId, isNews ? turn.voiceContext : before);
    const [oldest] = told.keys();
    if (told.size > REMEMBERED_CALLS && oldest !== undefined) told.delete(oldest);
    const context = isNews
      ? turn.voiceContext
      : `On the phone, as before.${turn.voiceContext.slice(before.length)}`;
    return `[${context}]\n\n${turn.words}`;
  }

  return onlyTheOwner({
    async run(turn, listener, signal) {
      if (!(await isSessionBusy(gateway, turn.session.sessionKey, signal))) listener.onStarted();
      const answer = await send(gateway, turn.session.agentId, {
        sessionKey: turn.session.sessionKey,
        message: messageOf(turn),
        timeoutSeconds: Math.max(1, Math.ceil(turn.timeoutMs / 1_000)),
        signal,
      });
      listener.onStarted();
      return answer;
    },
  });
}

/**
 * Whether the gateway lets us use the tool. Costs no model call: the request is one it cannot carry out.
 *
 * @throws GatewayProblem of any kind but `notAllowed`.
 */
export async function isSessionsSendAllowed(
  gateway: GatewayAddress,
  agentId: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const sessionKey = callingSession(agentId);
    await whileStarting(
      () => callTool(gateway, { tool: "sessions_send", args: {}, sessionKey, signal }),
      signal,
    );
  } catch (error) {
    if (!(error instanceof GatewayProblem)) throw error;
    if (error.kind === "notAllowed") return false;
    // "message required": it would have sent one.
    if (error.kind === "refused") return true;
    throw error;
  }
  return true;
}

/**
 * Leaves a line for the owner's session without starting a turn, and without a model call: the agent reads it at
 * the next message of a chat channel or the next heartbeat (turns over HTTP do not read such lines). It is lost
 * when the gateway ends before.
 *
 * @throws GatewayProblem
 */
export async function leaveNotice(
  gateway: GatewayAddress,
  notice: { agentId: string; sessionKey: string; sentence: string },
  signal?: AbortSignal,
): Promise<void> {
  const details = await callTool(gateway, {
    tool: "sessions_send",
    args: { sessionKey: notice.sessionKey, message: notice.sentence, mode: "notify" },
    sessionKey: callingSession(notice.agentId),
    headers: HEADERS,
    signal,
  });
  const result = sendResult.safeParse(details);
  if (result.data?.status === "queued") return;
  throw new GatewayProblem(
    "refused",
    `The gateway says: ${result.data?.error ?? "nothing that is understood"}`,
  );
}

interface Sending {
  readonly sessionKey: string;
  readonly message: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

async function send(gateway: GatewayAddress, agentId: string, sending: Sending): Promise<AgentAnswer> {
  const { signal, ...args } = sending;
  return await whileStarting(async () => {
    const details = await callTool(gateway, {
      tool: "sessions_send",
      args,
      sessionKey: callingSession(agentId),
      headers: HEADERS,
      signal,
    });
    return toAnswer(details, sending);
  }, signal);
}

/** @throws GatewayProblem `starting`: nothing was sent, it can be tried again. */
function toAnswer(details: unknown, { sessionKey, timeoutSeconds }: Sending): AgentAnswer {
  if (typeof details === "string") return { kind: "answered", text: details };
  const parsed = sendResult.safeParse(details);
  if (!parsed.success) throw new GatewayProblem("refused", "The gateway's answer was not understood.");
  const { status, reply, error = "no reason was given", sentBeforeError } = parsed.data;
  switch (status) {
    case "ok":
      return { kind: "answered", text: reply ?? "" };
    case "no_reply":
      return { kind: "answered", text: "" };
    case "accepted":
    case "timeout":
      throw new GatewayProblem("tookTooLong", `The agent had not answered after ${timeoutSeconds} s.`);
    default:
      if (!sentBeforeError && error.includes("during gateway startup")) {
        throw new GatewayProblem("starting", "The gateway is not ready yet.");
      }
      throw new GatewayProblem(
        "refused",
        error.startsWith("No session found")
          ? `The agent has no session ${sessionKey} yet: write to the agent once, or correct agent_id.`
          : `The gateway did not pass the words on: ${error}.`,
      );
  }
}
