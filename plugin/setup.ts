/**
 * Declares what the gateway's command line may know of the phone without starting it: the lines, and what
 * `openclaw security audit` finds. No logic. (Collectors registered by a plugin are asked by no audit of a command
 * line: it loads plugins for validation only.)
 */
import { homedir } from "node:os";
import { type ChannelPlugin, defineSetupPluginEntry } from "openclaw/plugin-sdk/core";
import { createPhoneChannel, type PhoneAccount } from "./channel/channel.ts";
import { loadConfig } from "./config/loader.ts";
import { findGateway } from "./config/state-folder.ts";
import { securityFindings } from "./trust/audit.ts";

const { env } = process;
const place = () => findGateway({ env, homeFolder: homedir() });
const notHere = () => Promise.reject(new Error("The phone is not running in this process."));
const { id, meta, capabilities, config } = createPhoneChannel({
  lines: () => loadConfig({ env, ...place() }).config.lines,
  sendText: notHere,
  runLine: notHere,
});

const channel: ChannelPlugin<PhoneAccount> = {
  id,
  meta,
  capabilities,
  config,
  security: {
    collectAuditFindings: ({ cfg }) => securityFindings({ config: cfg, env, ...place() }),
  },
};

export default defineSetupPluginEntry(channel);
