/** Owns reading what the connector needs to know: the settings, and of the gateway's config what costs depend on. */
import { objectAt, readGatewayConfig } from "../config/gateway-config.ts";
import { type LoadedConfig, loadConfig } from "../config/loader.ts";
import { IMPLICIT_LINE } from "../config/schema.ts";
import { type Environment, findGateway, type GatewayPlace } from "../config/state-folder.ts";

export interface ConnectorSettings extends LoadedConfig, GatewayPlace {
  /** False where the owner's direct chats may have sessions of their own: a turn may then cost more. */
  readonly directChatsShareMain: boolean;
}

export interface SettingsSearch {
  readonly env: Environment;
  readonly startFolders: readonly string[];
  readonly packageFolder: string | undefined;
  /** Takes the place of the implicit line's server. */
  readonly server?: string | undefined;
}

/** Never throws: what is wrong is named in `problems`. */
export function readConnectorSettings(search: SettingsSearch): ConnectorSettings {
  const { startFolders, packageFolder, server } = search;
  const env =
    server === undefined
      ? search.env
      : // Both, since a REST address set elsewhere would belong to the other server.
        { ...search.env, CLAWDTALK_SERVER: server, CLAWDTALK_API_URL: `${server.replace(/\/+$/, "")}/v1` };
  const place = findGateway({ env, startFolders });
  const loaded = loadConfig({ ...place, env, packageFolder });
  const hasImplicitLine = loaded.config.lines.some((line) => line.name === IMPLICIT_LINE);
  return {
    ...place,
    ...loaded,
    problems:
      server === undefined || hasImplicitLine
        ? loaded.problems
        : [...loaded.problems, `--server has no effect: there is no line "${IMPLICIT_LINE}".`],
    directChatsShareMain: sharesMain(readGatewayConfig(place.configFile, env).config),
  };
}

/** Gateway docs, "Session management": `dmScope` is `main` unless set. */
export function sharesMain(gatewayConfig: Readonly<Record<string, unknown>>): boolean {
  const { dmScope = "main", scope } = objectAt(gatewayConfig, "session");
  const { bindings } = gatewayConfig;
  return dmScope === "main" && scope !== "global" && !(Array.isArray(bindings) && bindings.length > 0);
}
