/** One background process per state folder, whatever becomes of it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isLocked, takeLock } from "../../plugin/connector/lock.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-lock-"));
  file = path.join(folder, "connect.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("is held by one, looked at by anybody, and free again when it is let go", () => {
  expect(isLocked(file)).toBe(false);
  const held = takeLock(file);
  expect(held).toBeDefined();
  expect(isLocked(file)).toBe(true);
  held?.release();
  expect(isLocked(file)).toBe(false);
  takeLock(file)?.release();
});

it.skipIf(process.platform === "win32")("is its owner's alone; Windows has no modes", () => {
  const held = takeLock(file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  held?.release();
});

it("is free at once when its holder is killed, and not before", async () => {
  const lock = path.resolve(import.meta.dirname, "../../plugin/connector/lock.ts");
  const code = `import { takeLock } from ${JSON.stringify(lock)}; globalThis.held = takeLock(${JSON.stringify(file)}); console.log("held"); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module-typescript", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  expect(isLocked(file)).toBe(true);
  expect(takeLock(file, 100)).toBeUndefined();
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const held = takeLock(file);
  expect(held).toBeDefined();
  held?.release();
});
