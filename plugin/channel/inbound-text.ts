/**
 * Owns the story of one inbound text: who wrote it, may they, which session, run the agent, hand each reply on.
 * Allow-lists and pairing are the gateway's own; the tier decides the session and what the run is offered.
 */

import { createChannelPairingChallengeIssuer } from "openclaw/plugin-sdk/channel-pairing";
import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/core";
import { phoneRuns, whileGuestIsAnswered } from "../agent/phone-runs.ts";
import type { SessionTurns } from "../agent/session-turns.ts";
import type { E164 } from "../config/phone-number.ts";
import { type Log, messageOf } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { phrase } from "../speech/phrases.ts";
import type { OwnerRoute } from "../trust/owner-session.ts";
import { guestSession } from "../trust/sessions.ts";
import { identifyText, type SpeakerFacts } from "../trust/speakers.ts";
import { isForGuests } from "../trust/tool-table.ts";
import { phoneChannelConfig } from "./channel-config.ts";
import { COMMAND_REFUSED, textCommand } from "./text-commands.ts";
import { isStopCommand, type Reply, type TextToAnswer } from "./text-to-answer.ts";

export interface InboundTextParameters {
  readonly runtime: PluginRuntime;
  readonly line: SpeakerFacts["line"];
  readonly ownerNumbers: readonly E164[];
  ownerRoute(): OwnerRoute;
  /** A text waits for a call's turn in the same session. */
  readonly turns: SessionTurns;
  readonly thinking?: string | undefined;
  /** "refuse": guests get one polite sentence and never reach the agent. */
  readonly guests: "agent" | "refuse";
  /** The tools the owner lists for guests. */
  readonly guestTools: readonly string[];
  readonly reply: Reply;
  /** The last check of what is written to somebody else: nothing of the owner's, over all texts to this number. */
  lastCheck(number: E164): (text: string) => string;
  readonly log: Log;
}

/** "answered" also when the agent chose to say nothing; "refused" when the sender may not write. */
export async function answerText(
  text: TextToAnswer,
  parameters: InboundTextParameters,
): Promise<"answered" | "refused"> {
  const { runtime, log } = parameters;
  const line = parameters.line.name;
  const config = runtime.config.current() as Parameters<typeof phoneChannelConfig>[0];
  const { dmPolicy, allowFrom } = phoneChannelConfig(config, line);
  const speaker = identifyText(text.from, parameters);
  if (speaker === "unknown") return "refused";
  const isOwner = speaker === "owner";
  const owner = parameters.ownerRoute();
  const session = isOwner ? owner.session : guestSession(owner.session.agentId, text.from);
  const messageId = gatewayId(text, isOwner);
  const access = await runtime.channel.inbound.ingress.resolveStable({
    channelId: "phone",
    accountId: line,
    cfg: config,
    identity: { key: "phone", entryIdPrefix: "phone-entry", sensitivity: "pii" },
    subject: { stableId: text.from },
    conversation: { kind: "direct", id: text.from },
    contextBinding: {
      agentId: session.agentId,
      sessionKey: session.sessionKey,
      messageId,
      inboundEventKind: "user_request",
    },
    event: { kind: "message", authMode: "inbound", mayPair: true },
    dmPolicy,
    allowFrom: [...allowFrom, ...parameters.ownerNumbers],
    readStoreAllowFrom: async () =>
      await runtime.channel.pairing.readAllowFromStore({ channel: "phone", accountId: line }),
  });
  if (!access.senderAccess.allowed) {
    if (access.senderAccess.decision === "pairing") await challenge(text.from, parameters);
    else log.info(`A text from ${text.from} was not answered: the number is not allowed on line ${line}.`);
    return "refused";
  }
  if (!isOwner && parameters.guests === "refuse") {
    await parameters.reply(phrase("unverified", detectLanguage(text.body)));
    return "refused";
  }
  const isStop = (body: string) => runtime.channel.commands.isControlCommandMessage(body, config);
  const command = isOwner ? textCommand(text.body, isStop) : "words";
  if (command === "refused") {
    log.info("A command by text was refused: it is not one of those that a text may give.");
    await parameters.reply(COMMAND_REFUSED);
    return "answered";
  }
  // What may run at all: the others would only be asked for in vain.
  const guestTools = parameters.guestTools.filter(isForGuests);
  const { dispatchReplyWithBufferedBlockDispatcher: dispatch, dispatchReplyFromConfig: reply } =
    runtime.channel.reply;
  const asOwner = command === "taken" ? { commands: ownedBy(text.from, config) } : undefined;
  const answer = async () =>
    await runtime.channel.inbound.run({
      channel: "phone",
      accountId: line,
      raw: text,
      adapter: {
        ingest: () => ({
          id: messageId,
          timestamp: text.receivedAtMs,
          rawText: text.body,
          textForAgent: text.body,
          textForCommands: text.body,
          raw: text,
        }),
        resolveTurn: async (input) => ({
          cfg: { ...config, ...asOwner },
          channel: "phone",
          accountId: line,
          agentId: session.agentId,
          routeSessionKey: session.sessionKey,
          storePath: runtime.channel.session.resolveStorePath(config.session?.store, {
            agentId: session.agentId,
          }),
          ctxPayload: runtime.channel.inbound.buildContext({
            channel: "phone",
            accountId: line,
            messageId,
            timestamp: text.receivedAtMs,
            from: `phone:${text.from}`,
            sender: { id: text.from, name: text.from },
            conversation: { kind: "direct", id: text.from, label: text.from },
            route: {
              agentId: session.agentId,
              accountId: line,
              routeSessionKey: session.sessionKey,
              dispatchSessionKey: session.sessionKey,
            },
            reply: { to: `phone:${text.from}` },
            message: { rawBody: input.rawText, commandBody: text.body, bodyForAgent: text.body },
            channelIngress: access,
            // Slash commands (/status, /new, /stop …) are the owner's; everybody else's words are words, whatever
            // `commands.allowFrom` says, and so is what looks like a command among the owner's.
            access: { commands: { authorized: command === "taken" } },
            extra: { CommandInterpretationSuppressed: command !== "taken" },
          }),
          recordInboundSession: runtime.channel.session.recordInboundSession,
          dispatchReplyWithBufferedBlockDispatcher: async (dispatched) =>
            await dispatch({
              ...dispatched,
              ...(isOwner || guestTools.length === 0 ? {} : { toolsAllow: guestTools }),
              // The reply looks into the config once more by itself, but for what is laid over it.
              ...(asOwner === undefined
                ? {}
                : {
                    dispatchReplyFromConfig: async (replied) =>
                      await reply({ ...replied, configOverride: asOwner }),
                  }),
            }),
          replyOptions: {
            ...(parameters.thinking === undefined ? {} : { thinkingLevelOverride: parameters.thinking }),
            // A guest's run has no tools but those listed, and none of the owner's files; the gate refuses once more.
            ...(isOwner ? {} : { bootstrapContextMode: "lightweight" as const }),
            ...(isOwner || guestTools.length > 0 ? {} : { disableTools: true }),
          },
          delivery: {
            deliver: async (payload: DeliveredPayload) => {
              // Which model answers is no news for a phone, least of all when the line itself names it.
              if (payload.isFallbackNotice) return { visibleReplySent: false };
              const check = isOwner ? (text: string) => text : parameters.lastCheck(text.from);
              const mediaUrls = phoneMedia(payload, log).filter((url) => check(url) === url);
              if (!payload.text?.trim() && mediaUrls.length === 0) return { visibleReplySent: false };
              await parameters.reply(check(payload.text ?? ""), mediaUrls);
              return { visibleReplySent: true };
            },
          },
        }),
      },
    });
  const run = async () => void (await (isOwner ? answer() : whileGuestIsAnswered(line, answer)));
  if (isStopCommand(text.body)) await run();
  else await parameters.turns.take(session, () => whileTold(text, session.sessionKey, parameters, run));
  return "answered";
}

/**
 * The gateway's `commands` for a command of this owner's. With `openclaw pairing approve` the gateway writes a guest down as
 * the one owner whose commands it takes, when it knows no other: theirs would then be dropped.
 */
function ownedBy(number: E164, { commands }: OpenClawConfig): NonNullable<OpenClawConfig["commands"]> {
  return { ...commands, ownerAllowFrom: [...(commands?.ownerAllowFrom ?? []), `phone:${number}`] };
}

/** Whoever waits for their own yes is told once that they were asked for it. */
async function whileTold(
  text: TextToAnswer,
  sessionKey: string,
  { reply, log }: InboundTextParameters,
  run: () => Promise<unknown>,
): Promise<void> {
  const { askingByText } = phoneRuns();
  let isTold = false;
  askingByText.set(sessionKey, () => {
    if (isTold) return;
    isTold = true;
    reply(phrase("askingOwner", detectLanguage(text.body)), [], { isAside: true }).catch((error: unknown) =>
      log.warn(`The owner could not be told by text that they are asked for a yes: ${messageOf(error)}`),
    );
  });
  try {
    await run();
  } finally {
    askingByText.delete(sessionKey);
  }
}

const AGAIN = "#again-";

/**
 * The id the gateway knows a text by. It answers each id once, so whoever is asked again needs another one. But
 * an owner's turn that a restart interrupted is taken up by the gateway itself ("Restart recovery" in its docs);
 * a guest's is not, see the hooks.
 */
function gatewayId({ messageId, askedBefore }: TextToAnswer, isOwner: boolean): string {
  const isNew = askedBefore === undefined || (askedBefore === "beforeRestart" && isOwner);
  return isNew ? messageId : `${messageId}${AGAIN}${Date.now().toString(36)}`;
}

/** The carrier's id of a text, from the one the gateway knows it by. */
export function carrierMessageId(id: string): string {
  const end = id.lastIndexOf(AGAIN);
  return end < 0 ? id : id.slice(0, end);
}

interface DeliveredPayload {
  readonly text?: string;
  readonly mediaUrl?: string;
  readonly mediaUrls?: readonly string[];
  readonly isFallbackNotice?: boolean;
}

/** The media a phone can be sent: the service fetches them itself, so files of this machine stay here. */
function phoneMedia({ mediaUrl, mediaUrls = [] }: DeliveredPayload, log: Log): string[] {
  const all = [...new Set([...(mediaUrl === undefined ? [] : [mediaUrl]), ...mediaUrls])];
  const sendable = all.filter((url) => ["http:", "https:"].includes(URL.parse(url)?.protocol ?? ""));
  if (sendable.length < all.length) {
    log.warn(
      "A reply came with a file of this machine, which a text cannot carry: only its words were sent.",
    );
  }
  return sendable;
}

async function challenge(
  number: E164,
  { runtime, line: { name: line }, reply, log }: InboundTextParameters,
): Promise<void> {
  const issue = createChannelPairingChallengeIssuer({
    channel: "phone",
    accountId: line,
    upsertPairingRequest: async (request) =>
      await runtime.channel.pairing.upsertPairingRequest({ channel: "phone", accountId: line, ...request }),
  });
  await issue({
    senderId: number,
    senderIdLine: `Your phone number: ${number}`,
    sendPairingReply: async (text) => await reply(text),
    onCreated: () => log.info(`A pairing request was made for ${number}. See: openclaw pairing list phone`),
    onReplyError: (error) =>
      log.warn(`The pairing challenge could not be sent to ${number}: ${String(error)}`),
  });
}
