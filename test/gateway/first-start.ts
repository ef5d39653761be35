/**
 * Owns what happens once before the tests that start gateways: the gateway's package finishes its own installation at
 * the first start after `npm ci` (no install scripts run here), under a lock. Two gateways that start side by side
 * would both want it, and one of them would give up.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export default function finishInstallation(): void {
  const entry = fileURLToPath(new URL("../../node_modules/openclaw/openclaw.mjs", import.meta.url));
  execFileSync(process.execPath, [entry, "--version"], { stdio: "ignore" });
}
