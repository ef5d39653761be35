/** Owns how `channels.phone` of the gateway's config is read: policy and allow-list, per line where given. */
import type { OpenClawConfig } from "openclaw/plugin-sdk/core";
import { z } from "zod";

const policy = z.enum(["pairing", "allowlist", "open", "disabled"]);
const account = z.object({
  enabled: z.boolean().optional(),
  dmPolicy: policy.optional(),
  allowFrom: z.array(z.union([z.string(), z.number()])).optional(),
});
const section = account.extend({ accounts: z.record(z.string(), account).optional() });

export interface PhoneChannelConfig {
  readonly enabled: boolean;
  readonly dmPolicy: z.infer<typeof policy>;
  readonly allowFrom: readonly string[];
}

/** An entry that does not fit its schema counts as absent, so that a mistake never opens the line. */
export function phoneChannelConfig(config: OpenClawConfig, line: string): PhoneChannelConfig {
  const parsed = section.safeParse(config.channels?.["phone"] ?? {});
  const channel = parsed.success ? parsed.data : {};
  const own: z.infer<typeof account> = ("accounts" in channel ? channel.accounts?.[line] : undefined) ?? {};
  return {
    enabled: own.enabled ?? channel.enabled ?? true,
    dmPolicy: own.dmPolicy ?? channel.dmPolicy ?? "pairing",
    allowFrom: (own.allowFrom ?? channel.allowFrom ?? []).map(String),
  };
}
