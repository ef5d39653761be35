/**
 * Owns which way a turn takes to the agent from outside the gateway: the streaming endpoint where it is open, else
 * the tool `sessions_send`. Finding out costs no model call.
 */
import { z } from "zod";
import { createChatCompletionsAgent, isChatCompletionsOpen } from "./chat-completions.ts";
import { callTool, type GatewayAddress, GatewayProblem } from "./gateway-http.ts";
import type { AgentPort } from "./port.ts";
import { createSessionsSendAgent, isSessionsSendAllowed, leaveNotice } from "./sessions-send.ts";

export type AgentWay = "chat-completions" | "sessions-send";

/** What is known of the way to the agent. */
export interface AgentAccess {
  /** Undefined: no way is open, or none could be looked for. `detail` says why. */
  readonly way: AgentWay | undefined;
  /** Model calls that one turn costs. */
  readonly modelCallsPerTurn: number | undefined;
  /** One sentence or two for people: what is used, what it costs, what would be better; or what to do. */
  readonly detail: string;
}

export interface HttpAgent extends AgentPort {
  /** Looks which way is open, now. Never rejects. */
  check(signal?: AbortSignal): Promise<AgentAccess>;
  /** What the last look found; undefined before the first one. */
  readonly access: AgentAccess | undefined;
  /** The agent the gateway uses when none is named; "main" as long as it was not heard. */
  readonly defaultAgentId: string;
  /**
   * Leaves one line for the owner's session without a turn and without a model call.
   *
   * @returns false where the gateway offers no way for that. Never rejects.
   */
  notify(notice: { agentId: string; sessionKey: string; sentence: string }): Promise<boolean>;
}

export interface HttpAgentOptions {
  /**
   * False where the owner's direct chats may have sessions of their own (`session.dmScope`, `session.scope`,
   * bindings): `sessions_send` then costs a second model call.
   */
  readonly directChatsShareMain: boolean;
}

/** How long a look, or a notice, may take. A gateway that is starting is waited for within it. */
const LOOK_LIMIT_MS = 15_000;

const agentsList = z.object({ requester: z.string().min(1) });

export function createHttpAgent(gateway: GatewayAddress, options: HttpAgentOptions): HttpAgent {
  const ways: Readonly<Record<AgentWay, AgentPort>> = {
    "chat-completions": createChatCompletionsAgent(gateway),
    "sessions-send": createSessionsSendAgent(gateway),
  };
  const details: Readonly<Record<AgentWay, Omit<AgentAccess, "way">>> = {
    "chat-completions": {
      modelCallsPerTurn: 1,
      detail:
        "The gateway's streaming endpoint is used: the first sentence is spoken early, and a turn costs one model call.",
    },
    "sessions-send": {
      modelCallsPerTurn: options.directChatsShareMain ? 1 : 2,
      detail:
        `The gateway's tool sessions_send is used: an answer is spoken when it is complete, and a turn costs ${options.directChatsShareMain ? "one model call" : "two model calls"}. ` +
        "Sooner: openclaw config set gateway.http.endpoints.chatCompletions.enabled true",
    },
  };
  let access: AgentAccess | undefined;
  let defaultAgentId: string | undefined;

  async function check(signal?: AbortSignal): Promise<AgentAccess> {
    const limit = AbortSignal.timeout(LOOK_LIMIT_MS);
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    try {
      const way = await openWay(either);
      access = way === undefined ? NO_WAY : { way, ...details[way] };
    } catch (error) {
      const known = error instanceof GatewayProblem;
      const detail = known ? error.message : `The gateway at ${gateway.url} did not answer in time.`;
      access = { way: undefined, modelCallsPerTurn: undefined, detail };
    }
    return access;
  }

  async function openWay(signal: AbortSignal): Promise<AgentWay | undefined> {
    const isStreamOpen = await isChatCompletionsOpen(gateway, signal);
    defaultAgentId = (await askDefaultAgentId(gateway, signal)) ?? defaultAgentId;
    if (isStreamOpen) return "chat-completions";
    const isAllowed = await isSessionsSendAllowed(gateway, defaultAgentId ?? DEFAULT_AGENT_ID, signal);
    return isAllowed ? "sessions-send" : undefined;
  }

  return {
    check,
    get access() {
      return access;
    },
    get defaultAgentId() {
      return defaultAgentId ?? DEFAULT_AGENT_ID;
    },
    async run(turn, listener, signal) {
      const { way, detail } = access?.way === undefined ? await check(signal) : access;
      if (way === undefined) return signal.aborted ? { kind: "aborted" } : { kind: "failed", reason: detail };
      const answer = await ways[way].run(turn, listener, signal);
      // The owner may have closed one way or opened the other.
      if (answer.kind === "failed" && turn.session.tier === "owner") access = undefined;
      return answer;
    },
    async notify(notice) {
      try {
        await leaveNotice(gateway, notice, AbortSignal.timeout(LOOK_LIMIT_MS));
        return true;
      } catch {
        return false;
      }
    },
  };
}

const DEFAULT_AGENT_ID = "main";

const NO_WAY: AgentAccess = {
  way: undefined,
  modelCallsPerTurn: undefined,
  detail:
    "The gateway lets nobody talk to the agent over HTTP. Better: openclaw config set gateway.http.endpoints.chatCompletions.enabled true. " +
    "Or: allow the tool sessions_send in gateway.tools.allow (not in the top-level tools.allow).",
};

/** A gateway whose policy hides the tool has nothing to say; its agent may be named in the settings. */
async function askDefaultAgentId(gateway: GatewayAddress, signal: AbortSignal): Promise<string | undefined> {
  try {
    return agentsList.parse(await callTool(gateway, { tool: "agents_list", args: {}, signal })).requester;
  } catch {
    return undefined;
  }
}
