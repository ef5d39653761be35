/**
 * Owns the story of one inbound text: who wrote it, may they, which session, run the agent, hand each reply on.
 * Allow-lists and pairing are the gateway's own; the tier decides the session and what the run is offered.
 */

import { createChannelPairingChallengeIssuer } from "openclaw/plugin-sdk/channel-pairing";
import type { PluginRuntime } from "openclaw/plugin-sdk/core";
import { whileGuestIsAnswered } from "../agent/phone-runs.ts";
import type { SessionTurns } from "../agent/session-turns.ts";
import type { E164 } from "../config/phone-number.ts";
import type { Log } from "../log.ts";
import { detectLanguage } from "../speech/language.ts";
import { phrase } from "../speech/phrases.ts";
import type { OwnerRoute } from "../trust/owner-session.ts";
import { guestSession } from "../trust/sessions.ts";
import { phoneChannelConfig } from "./channel-config.ts";
import { isStopCommand, type Reply, type TextToAnswer } from "./text-to-answer.ts";

export interface InboundTextParameters {
  readonly runtime: PluginRuntime;
  readonly line: string;
  readonly ownerNumbers: readonly E164[];
  ownerRoute(): OwnerRoute;
  /** A text waits for a call's turn in the same session. */
  readonly turns: SessionTurns;
  readonly thinking?: string | undefined;
  /** "refuse": guests get one polite sentence and never reach the agent. */
  readonly guests: "agent" | "refuse";
  readonly reply: Reply;
  readonly log: Log;
}

/** "answered" also when the agent chose to say nothing; "refused" when the sender may not write. */
export async function answerText(
  text: TextToAnswer,
  parameters: InboundTextParameters,
): Promise<"answered" | "refused"> {
  const { runtime, line, log } = parameters;
  const config = runtime.config.current() as Parameters<typeof phoneChannelConfig>[0];
  const { dmPolicy, allowFrom } = phoneChannelConfig(config, line);
  const isOwner = parameters.ownerNumbers.includes(text.from);
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
          cfg: config,
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
            // Slash commands (/status, /new, /stop …) are the owner's.
            access: { commands: { authorized: isOwner } },
          }),
          recordInboundSession: runtime.channel.session.recordInboundSession,
          dispatchReplyWithBufferedBlockDispatcher:
            runtime.channel.reply.dispatchReplyWithBufferedBlockDispatcher,
          replyOptions: {
            ...(parameters.thinking === undefined ? {} : { thinkingLevelOverride: parameters.thinking }),
            // A guest's run has no tools and none of the owner's files; `before_tool_call` refuses once more.
            ...(isOwner ? {} : { disableTools: true, bootstrapContextMode: "lightweight" as const }),
          },
          delivery: {
            deliver: async (payload: DeliveredPayload) => {
              // Which model answers is no news for a phone, least of all when the line itself names it.
              if (payload.isFallbackNotice) return { visibleReplySent: false };
              const mediaUrls = phoneMedia(payload, log);
              if (!payload.text?.trim() && mediaUrls.length === 0) return { visibleReplySent: false };
              await parameters.reply(payload.text ?? "", mediaUrls);
              return { visibleReplySent: true };
            },
          },
        }),
      },
    });
  const run = async () => void (await (isOwner ? answer() : whileGuestIsAnswered(line, answer)));
  if (isStopCommand(text.body)) await run();
  else await parameters.turns.take(session, run);
  return "answered";
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

async function challenge(number: E164, { runtime, line, reply, log }: InboundTextParameters): Promise<void> {
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
