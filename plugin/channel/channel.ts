/**
 * Owns the channel `phone` as the gateway sees it: its accounts are the configured lines, its targets are phone
 * numbers, and what core sends to it (the `message` tool, cron delivery, `openclaw message send`) is a text.
 */
import type { ChannelPlugin, OpenClawConfig } from "openclaw/plugin-sdk/core";
import { parsePhoneNumber } from "../config/phone-number.ts";
import type { LineConfig } from "../config/schema.ts";
import { phoneChannelConfig } from "./channel-config.ts";

export interface PhoneAccount {
  readonly accountId: string;
  readonly line: LineConfig | undefined;
}

export interface PhoneChannelParameters {
  /** The lines configured at this moment. */
  lines(): readonly LineConfig[];
  /** Sends one text, intent first. Rejects with a sentence when it was not sent. */
  sendText(text: {
    line: string;
    to: string;
    body: string;
    mediaUrls: readonly string[];
  }): Promise<{ messageId: string }>;
  /** Keeps a line connected until the signal is aborted. */
  runLine(line: string, signal: AbortSignal): Promise<void>;
}

/** "phone:+1555…" or a bare number; undefined when it is not a whole number with its country code. */
export function phoneTarget(raw: string): string | undefined {
  return parsePhoneNumber(raw.trim().replace(/^phone:/i, ""));
}

export function createPhoneChannel({
  lines,
  sendText,
  runLine,
}: PhoneChannelParameters): ChannelPlugin<PhoneAccount> {
  const lineOf = (accountId?: string | null) =>
    lines().find((line) => line.name === accountId) ??
    (accountId == null || accountId === "default" ? lines()[0] : undefined);
  const send = async (message: {
    to: string;
    text: string;
    mediaUrl?: string;
    accountId?: string | null;
  }) => {
    const isNamed = message.accountId != null && message.accountId !== "default";
    const line = isNamed
      ? lineOf(message.accountId)
      : (lines().find(({ carrier }) => carrier === "clawdtalk") ?? lines()[0]);
    if (line === undefined) throw new Error("No phone line is configured. Run: openclaw phone status");
    const to = phoneTarget(message.to);
    if (to === undefined) {
      throw new Error(
        `"${message.to}" is not a whole phone number. Write it with its country code, such as +15550001111.`,
      );
    }
    const { messageId } = await sendText({
      line: line.name,
      to,
      body: message.text,
      mediaUrls: message.mediaUrl === undefined ? [] : [message.mediaUrl],
    });
    return { channel: "phone" as const, messageId, target: { kind: "chat" as const, id: to } };
  };
  return {
    id: "phone",
    meta: {
      id: "phone",
      label: "Phone",
      selectionLabel: "Phone (Switchboard)",
      docsPath: "/channels/phone",
      blurb: "Calls and texts over ClawdTalk, calls over ClawCall.",
      markdownCapable: false,
    },
    capabilities: { chatTypes: ["direct"], media: true, blockStreaming: false },
    // Who may write is read with each text: no reason to break off a call.
    reload: {
      configPrefixes: ["channels.phone"],
      noopPrefixes: ["channels.phone.allowFrom", "channels.phone.dmPolicy"],
    },
    gateway: {
      startAccount: async ({ accountId, abortSignal }) => await runLine(accountId, abortSignal),
    },
    config: {
      listAccountIds: () => lines().map((line) => line.name),
      defaultAccountId: () => lines()[0]?.name ?? "default",
      resolveAccount: (_config, accountId) => {
        const line = lineOf(accountId);
        return { accountId: line?.name ?? accountId ?? "default", line };
      },
      isEnabled: (account, config) =>
        account.line?.enabled === true && phoneChannelConfig(config, account.accountId).enabled,
      isConfigured: (account) => account.line?.apiKey !== undefined,
      unconfiguredReason: () => "no API key; run: openclaw phone status",
      describeAccount: (account) => ({
        accountId: account.accountId,
        name: account.accountId,
        enabled: account.line?.enabled ?? false,
        configured: account.line?.apiKey !== undefined,
      }),
      resolveAllowFrom: ({ cfg, accountId }) => [...allowFrom(cfg, accountId)],
      formatAllowFrom: ({ allowFrom }) =>
        allowFrom.map((entry) => phoneTarget(String(entry)) ?? String(entry)),
    },
    security: {
      resolveDmPolicy: ({ cfg, accountId, account }) => ({
        policy: phoneChannelConfig(cfg, accountId ?? account.accountId).dmPolicy,
        allowFrom: [...allowFrom(cfg, accountId ?? account.accountId)],
        policyPath: "channels.phone.dmPolicy",
        allowFromPath: "channels.phone.allowFrom",
        approveHint: "openclaw pairing approve phone <code>",
        normalizeEntry: (raw) => phoneTarget(raw) ?? raw.trim(),
      }),
    },
    pairing: {
      idLabel: "phone number",
      normalizeAllowEntry: (entry) => phoneTarget(entry) ?? entry.trim(),
      notifyApproval: async ({ id, accountId }) => {
        await send({ to: id, text: "You may write to me now.", accountId: accountId ?? null });
      },
    },
    // Or else "/approve", with the beginning of an id, would do for whoever writes under the owner's number.
    approvalCapability: {
      authorizeActorAction: () => ({
        authorized: false,
        reason:
          "Requests are not approved by text, since a number can be faked. Decide in the Control UI, or in the phone service's app.",
      }),
    },
    messaging: {
      targetPrefixes: ["phone"],
      normalizeTarget: (raw) => phoneTarget(raw),
      targetResolver: {
        looksLikeId: (raw) => phoneTarget(raw) !== undefined,
        hint: "a phone number with its country code, such as +15550001111",
      },
    },
    outbound: {
      deliveryMode: "direct",
      sendText: async ({ to, text, accountId }) => await send({ to, text, accountId: accountId ?? null }),
      sendMedia: async ({ to, text, mediaUrl, accountId }) =>
        await send({
          to,
          text,
          accountId: accountId ?? null,
          ...(mediaUrl === undefined ? {} : { mediaUrl }),
        }),
    },
  };
}

function allowFrom(config: OpenClawConfig, line: string | null | undefined): readonly string[] {
  return phoneChannelConfig(config, line ?? "default").allowFrom;
}
