/** Owns telling whether anything is running that places planned calls and hears how calls end. */
import { runningStatus } from "../connector/control.ts";
import { connectorFiles } from "../connector/files.ts";
import { isPluginActive } from "../connector/plugin-active.ts";

/** The gateway's own address where none is configured. */
const DEFAULT_GATEWAY = "http://127.0.0.1:18789";

/**
 * The process that keeps the lines connected: the gateway with the plugin, or the background process of a skill-only
 * install. Undefined when there is none, or none that can be reached.
 */
export async function runningPhone(settings: {
  readonly config: { readonly gatewayUrl?: string };
  readonly stateFolder: string;
}): Promise<"gateway" | "connector" | undefined> {
  const { config, stateFolder } = settings;
  if (await isConnectorRunning(stateFolder)) return "connector";
  return (await isPluginActive({ url: config.gatewayUrl ?? DEFAULT_GATEWAY })) ? "gateway" : undefined;
}

/** Whether the background process holds the lines; then no plugin does. */
export async function isConnectorRunning(stateFolder: string): Promise<boolean> {
  return (await runningStatus(connectorFiles(stateFolder))) !== undefined;
}
