/** Owns what commands need to have the gateway's scheduler run our scripts: its command line, and where the scripts lie. */
import path from "node:path";
import type { Settings } from "./run.ts";

/** @throws GatewayCliMissing */
export async function openCli({ stateFolder }: Pick<Settings, "stateFolder">) {
  const { findGatewayCli, openGatewayCli } = await import("../briefings/gateway-cli.ts");
  const { env, platform, argv } = process;
  const file = findGatewayCli({ env, platform, script: argv[1] });
  return openGatewayCli(file, { ...env, OPENCLAW_STATE_DIR: stateFolder });
}

/** The file of one of our scripts: as this code itself, from the source or built. */
export async function ownScript(name: string): Promise<string> {
  const { findPackageFolder } = await import("../config/state-folder.ts");
  const root = findPackageFolder(import.meta.dirname) ?? import.meta.dirname;
  return import.meta.filename.endsWith(".ts")
    ? path.join(root, "scripts", `${name}.ts`)
    : path.join(root, "dist", "scripts", `${name}.js`);
}
