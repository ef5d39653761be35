/**
 * Owns the hooks: the second lock behind what each run is already told (design.md, "What the hooks do").
 * Registered in every mode, since agent turns use another registration than the service does.
 */
import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { lastAnswer } from "./agent/last-answer.ts";
import { endedWell, modelAsked, noticesFor, turnEnded } from "./agent/owner-notices.ts";
import { phoneRuns } from "./agent/phone-runs.ts";
import type { CallSettings } from "./calls/request-call.ts";
import { guestContext, strangerContext } from "./calls/voice-context.ts";
import { carrierMessageId } from "./channel/inbound-text.ts";
import { plainText, TEXT_CONTEXT } from "./channel/plain-text.ts";
import { isUsable, type UsableLine } from "./config/choose-line.ts";
import { withoutSecrets } from "./config/redaction.ts";
import type { LineConfig } from "./config/schema.ts";
import { findPackageFolder } from "./config/state-folder.ts";
import type { HookName } from "./hook-names.ts";
import { phrase } from "./speech/phrases.ts";
import { askOnPhone } from "./trust/ask-on-phone.ts";
import { type GateParameters, ToolGate } from "./trust/gate.ts";
import { withoutOwnersData } from "./trust/last-check.ts";
import { quotesOthers } from "./trust/quotation.ts";
import { OTHERS_SESSION, type SessionKind, sessionKind } from "./trust/sessions.ts";

const CHANNEL = "phone";
/** Longer than any approval is waited for: the gateway gives a hook 15 s unless it says more, and then blocks the tool. */
const GATE_LIMIT_MS = 3_700_000;
/** How the gateway begins a turn of its own. */
const SYSTEM_TURN = "[System]";
/** What the gateway announces to whoever wrote last when it takes up a turn after a restart. */
const TAKEN_UP = "I'm continuing your interrupted request now";
/** Letters or digits of any script. */
const HAS_WORDS = /[\p{L}\p{N}]/u;

/**
 * `before_agent_reply`, `before_model_resolve`, `before_prompt_build`, `llm_input`, `before_agent_run` and `agent_end` are
 * left out by the gateway, without a word to us, unless the owner grants conversation access; the service says so.
 */
export function registerHooks(api: OpenClawPluginApi, settings: () => CallSettings): void {
  const phone = phoneRuns();
  const gate = new ToolGate(gateParameters(api, settings));
  const on = counting(api);

  on("message_received", (_event, context) => {
    if (context.channelId === CHANNEL)
      api.logger.debug?.(`Text received on line ${context.accountId ?? "?"}.`);
  });

  // A text that was answered before, or whose session is not its sender's, never reaches the agent.
  on("before_dispatch", async (event, context) => {
    if ((event.channel ?? context.channelId) !== CHANNEL) return;
    const line = context.accountId;
    const sender = event.senderId;
    if (line === undefined || sender === undefined) return { handled: true };
    if (
      event.messageId !== undefined &&
      (await phone.wasAnswered?.(line, carrierMessageId(event.messageId)))
    ) {
      return { handled: true };
    }
    const isOwner = phone.lines.get(line)?.ownerNumbers.includes(sender) ?? false;
    const kind = sessionKind(event.sessionKey ?? context.sessionKey);
    if (isOwner ? kind !== undefined : kind !== "guest") {
      api.logger.error(
        `A text from ${isOwner ? "the owner" : "a guest"} was routed to a session that is not theirs; it was not answered.`,
      );
      return { handled: true, text: phrase("unverified", "en") };
    }
    return;
  });

  // Only what a guest or stranger said is answered in their session. The gateway's own words (it takes up turns
  // that a restart broke off) would run there with the owner's files, and be sent to them. What was broken off is
  // asked anew from our inbox; on a call, the caller asks again.
  on("before_agent_reply", (event, context) => {
    const kind = sessionKind(context.sessionKey);
    if (isOthersWords(kind) && event.cleanedBody.startsWith(SYSTEM_TURN)) {
      return { handled: true };
    }
    return;
  });

  // Nothing was understood (speech recognition then writes "…" or the like): no model is needed to say so.
  on("before_agent_reply", (event, context) => {
    const run = context.runId === undefined ? undefined : phone.runs.get(context.runId);
    if (run === undefined || HAS_WORDS.test(event.cleanedBody)) return;
    return { handled: true, reply: { text: phrase("notHeard", run.language ?? "en") } };
  });

  on("before_model_resolve", (_event, context) => {
    if (context.messageProvider !== CHANNEL || context.accountId === undefined) return;
    const model = phone.lines.get(context.accountId)?.model;
    if (model === undefined) return;
    const slash = model.indexOf("/");
    return slash < 0
      ? { modelOverride: model }
      : { providerOverride: model.slice(0, slash), modelOverride: model.slice(slash + 1) };
  });

  // A voice turn gets its context with the run; a text's run is started by the channel, so it gets it here. What the
  // owner's sessions are to be told reaches every turn of theirs but those with a task: ours, such as a briefing, or an
  // automation's.
  on("before_prompt_build", (_event, { sessionKey, runId, messageProvider, trigger }) => {
    const run = runId === undefined ? undefined : phone.runs.get(runId);
    const isTask = run?.isTask === true || trigger === "cron" || trigger === "memory";
    const notices = sessionKey === undefined || isTask ? [] : noticesFor(sessionKey);
    const kind = sessionKind(sessionKey);
    if (isOthersWords(kind)) {
      const names = phone.names ?? {};
      const words =
        kind === "guest"
          ? `${guestContext(names)}\n${TEXT_CONTEXT}`
          : run?.systemPrompt || strangerContext(names, {});
      // In place of the gateway's own words, which name the computer it runs on, its user and folders. Which session it
      // is, they say as well.
      return { systemPrompt: `${words}\n\nRuntime: session=${sessionKey} | channel=${CHANNEL}` };
    }
    const isText = messageProvider === CHANNEL && run === undefined;
    return {
      ...(notices.length === 0 ? {} : { prependContext: notices.join("\n\n") }),
      ...(isText ? { appendSystemContext: TEXT_CONTEXT } : {}),
    };
  });

  // What is found to be quoted counts, not only what was handed over: other news come by the gateway's own injections.
  on("llm_input", ({ runId, prompt }, { sessionKey, trigger }) => {
    const hasNotice = sessionKey !== undefined && modelAsked(sessionKey, runId, prompt);
    if (!hasNotice && !quotesOthers(prompt)) return;
    phone.toldOfOthers.add(runId);
    if (trigger === "heartbeat" || trigger === "manual") phone.newsTurns.add(runId);
  });

  on("before_agent_run", (_event, context) => {
    if (sessionKind(context.sessionKey) === "warm-up") {
      return { outcome: "block", reason: "Switchboard warms the gateway's caches; no model is needed." };
    }
    if (sessionKind(context.sessionKey) !== undefined && !isSaidByAPerson(context.inputProvenance)) {
      return { outcome: "block", reason: "Only its speaker's words are answered in a phone session." };
    }
    const run = context.runId === undefined ? undefined : phone.runs.get(context.runId);
    if (run !== undefined && !run.isOpen()) {
      return { outcome: "block", reason: "The caller has moved on; this turn is over." };
    }
    return { outcome: "pass" };
  });

  on(
    "before_tool_call",
    async (event, { sessionKey, agentId, runId, requester, abortSignal }) =>
      await gate.decide({
        tool: event.toolName,
        params: event.params,
        kind: event.toolKind,
        runId,
        sessionKey,
        agentId,
        requester,
        signal: abortSignal,
      }),
    { timeoutMs: GATE_LIMIT_MS },
  );

  // A call that was waited for, for one: what was said on it is the tool's answer. Or another session's history.
  on("after_tool_call", ({ runId, result }) => {
    const answer = JSON.stringify(result) ?? "";
    if (runId !== undefined && (quotesOthers(answer) || OTHERS_SESSION.test(answer)))
      phone.toldOfOthers.add(runId);
  });

  // The agent's shell may find an older Node than the gateway runs on, and no command line of the gateway's: our
  // scripts then use this process's. And they know which session asked, to tell it what came of a call.
  on("resolve_exec_env", (event) => {
    if (event.host !== "gateway") return;
    const started = process.argv[1] ?? "";
    return {
      SWITCHBOARD_NODE: process.execPath,
      ...(event.sessionKey === undefined ? {} : { SWITCHBOARD_SESSION: event.sessionKey }),
      ...(basename(started) === "openclaw.mjs" ? { SWITCHBOARD_OPENCLAW: started } : {}),
    };
  });

  on("message_sending", (event, context) => {
    if (context.channelId !== CHANNEL) return;
    const ownerNumbers = phone.lines.get(context.accountId ?? "")?.ownerNumbers ?? [];
    const isOwners = ownerNumbers.includes(event.to.replace(/^phone:/, ""));
    // Nobody else's turn is taken up, see above.
    if (!isOwners && event.content.startsWith(TAKEN_UP)) return { cancel: true };
    const plain = plainText(event.content, phone.secrets);
    // What the owner's agent writes to others may name the owner's number; what guests are answered may not.
    const isGuests = sessionKind(context.sessionKey) !== undefined;
    const content = isOwners
      ? plain
      : withoutOwnersData(plain, {
          secrets: [...phone.secrets],
          ownerNumbers: isGuests ? ownerNumbers : [],
          allowed: "",
        });
    return content === event.content ? undefined : { content };
  });

  on("reply_payload_sending", (event) => {
    if (event.channel !== CHANNEL || event.payload.text === undefined) return;
    // `message_sending` makes it plain, once: markup taken away twice takes words with it.
    const text = withoutSecrets(event.payload.text, [...phone.secrets]);
    return text === event.payload.text ? undefined : { payload: { ...event.payload, text } };
  });

  on("agent_end", (event, { runId, sessionKey }) => {
    if (runId === undefined) return;
    phone.runs.delete(runId);
    phone.newsTurns.delete(runId);
    phone.toldOfOthers.delete(runId);
    gate.runEnded(runId, event.success ? lastAnswer(event.messages)?.texts.join("") : undefined);
    if (sessionKey !== undefined) turnEnded(sessionKey, runId, endedWell(event));
  });
}

/** Sessions in which others speak, or are decided about: nothing of the owner's is in them. */
function isOthersWords(kind: SessionKind | undefined): kind is "guest" | "stranger" | "mission" {
  return kind === "guest" || kind === "stranger" || kind === "mission";
}

/** As `api.on`, and counts how often the gateway calls the hook: that it was asked for does not mean that it is. */
function counting(
  api: OpenClawPluginApi,
): <Name extends HookName>(
  name: Name,
  handler: Parameters<typeof api.on<Name>>[1],
  options?: Parameters<typeof api.on<Name>>[2],
) => void {
  const { hooksCalled } = phoneRuns();
  // The service's registration comes first: what was counted before belongs to a plugin that is gone.
  if (api.registrationMode === "full") hooksCalled.clear();
  return (name, handler, options) => {
    const counted = ((...given: Parameters<typeof handler>) => {
      hooksCalled.set(name, (hooksCalled.get(name) ?? 0) + 1);
      return (handler as (...args: Parameters<typeof handler>) => unknown)(...given);
    }) as typeof handler;
    api.on(name, counted, options);
  };
}

/** Words of another session, or of the gateway itself, are marked as such; a person's need not be. */
function isSaidByAPerson(provenance: { readonly kind: string } | undefined): boolean {
  return provenance === undefined || provenance.kind === "external_user";
}

function gateParameters(api: OpenClawPluginApi, settings: () => CallSettings): GateParameters {
  const packageFolder = findPackageFolder(dirname(api.source));
  const { agent, config } = api.runtime;
  return {
    settings: () => settings().config,
    places: ({ agentId, line }) => ({
      workspace:
        agentId === undefined
          ? undefined
          : agent.resolveAgentWorkspaceDir(config.current() as typeof api.config, agentId),
      packageFolder,
      node: process.execPath,
      ownerNumbers: (line === undefined ? undefined : phoneRuns().lines.get(line)?.ownerNumbers) ?? [],
      realPath,
    }),
    pushTo: (name) => {
      const lines = settings().config.lines.filter(canPush);
      const line = lines.find((line) => line.name === name) ?? lines[0];
      if (line === undefined) return undefined;
      return async (wish, signal) => {
        const { answer, problem } = await askOnPhone(wish, line, settings(), signal);
        if (problem !== undefined) api.logger.warn(`An approval was not given: ${problem}`);
        return answer;
      };
    },
    now: Date.now,
    warn: (message) => api.logger.warn(message),
  };
}

function canPush(line: LineConfig): line is UsableLine<"clawdtalk"> {
  return line.carrier === "clawdtalk" && isUsable(line);
}

function realPath(path: string): string | undefined {
  try {
    // The system's own: it knows short names, and how a name is really written.
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
