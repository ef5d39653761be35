/** Owns telling whether anything is running that speaks on calls, places planned ones and hears how calls end. */
import { runningStatus } from "../connector/control.ts";
import { connectorFiles } from "../connector/files.ts";
import { activePlugin } from "../connector/plugin-active.ts";

/** The gateway's own address where none is configured. */
const DEFAULT_GATEWAY = "http://127.0.0.1:18789";

/** The process that keeps the lines connected. */
export interface RunningPhone {
  /** The gateway with the plugin, or the background process of a skill-only install. */
  readonly by: "gateway" | "connector";
  /** Whether it speaks for the owner on calls to somebody else; the background process serves the owner alone. */
  readonly speaksToOthers: boolean;
}

/** What is running; undefined when nothing is, or nothing that can be reached. */
export async function runningPhone(settings: {
  readonly config: { readonly gatewayUrl?: string };
  readonly stateFolder: string;
}): Promise<RunningPhone | undefined> {
  const { config, stateFolder } = settings;
  if ((await runningStatus(connectorFiles(stateFolder))) !== undefined) {
    return { by: "connector", speaksToOthers: false };
  }
  const plugin = await activePlugin({ url: config.gatewayUrl ?? DEFAULT_GATEWAY });
  return plugin && { by: "gateway", ...plugin };
}
