/**
 * Preloaded into a script by its test: kills the process, as `kill -9` does, right before its KILL_AT-th step that changes
 * something in the folder KILL_IN. What is written is cut in half there.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";

const folder = process.env.KILL_IN ?? "";
let left = Number(process.env.KILL_AT);
const own = new Set<number>();

function isOwn(target: unknown): boolean {
  return typeof target === "number" ? own.has(target) : path.dirname(String(target)) === folder;
}

const { openSync, writeSync } = fs;
fs.openSync = (name, flags, mode) => {
  if (flags !== "r" && flags !== undefined) step(name);
  const descriptor = openSync(name, flags, mode);
  if (isOwn(name)) own.add(descriptor);
  return descriptor;
};
for (const call of [
  "writeFileSync",
  "fsyncSync",
  "fchmodSync",
  "closeSync",
  "linkSync",
  "renameSync",
  "rmSync",
] as const) {
  const original = fs[call] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [call]: (...args: unknown[]) => {
      step(args[0]);
      if (call === "closeSync") own.delete(Number(args[0]));
      return original(...args);
    },
  });
}
fs.writeSync = ((descriptor: number, content: Buffer) => {
  step(descriptor, () => writeSync(descriptor, content, 0, content.length >> 1, 0));
  return writeSync(descriptor, content);
}) as typeof fs.writeSync;
syncBuiltinESMExports();

function step(target: unknown, last = () => {}): void {
  if (!isOwn(target)) return;
  left--;
  if (left !== 0) return;
  last();
  process.kill(process.pid, "SIGKILL");
}
