/**
 * Owns the first step of every built script: running on a Node that is new enough. The gateway's Node and the one
 * an agent's shell finds first are often two: the plugin names its own in `SWITCHBOARD_NODE`, a clone has one
 * after `npm ci`. Imports nothing else of ours, since older Nodes must be able to read it.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const WANTED = [24, 16];

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > (WANTED[0] ?? 0) || (major === WANTED[0] && minor >= (WANTED[1] ?? 0));
}

if (!isNewEnough(process.versions.node)) {
  const binary = process.platform === "win32" ? "node.exe" : "node";
  // How deep the built code lies is the bundler's business.
  let packageFolder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(packageFolder, "package.json")) && dirname(packageFolder) !== packageFolder) {
    packageFolder = dirname(packageFolder);
  }
  const found = [process.env["SWITCHBOARD_NODE"], join(packageFolder, "node_modules", ".bin", binary)].find(
    (candidate) => candidate !== undefined && existsSync(candidate),
  );
  if (found === undefined || process.env["SWITCHBOARD_RELAUNCHED"] !== undefined) {
    console.error(
      `This needs Node ${WANTED.join(".")} or newer, and this is ${process.versions.node}. Run it with the Node that runs your gateway, or update Node.`,
    );
    process.exit(1);
  }
  const [, script = "", ...rest] = process.argv;
  const result = spawnSync(found, [script, ...rest], {
    stdio: "inherit",
    env: { ...process.env, SWITCHBOARD_RELAUNCHED: "1" },
  });
  process.exit(result.status ?? 1);
}
