// Proves where the built scripts keep their compiled form: in a folder that is the user's own, and nowhere else.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const launch = pathToFileURL(path.resolve(import.meta.dirname, "../plugin/launch.ts"));

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "switchboard-launch-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** The folder of the compile cache after the launcher ran; "undefined" when there is none. */
async function cacheFolder(env: Record<string, string> = {}): Promise<string> {
  const code = `import module from "node:module"; await import("${launch}"); console.log(module.getCompileCacheDir());`;
  const { stdout } = await execa(process.execPath, ["--input-type=module", "--eval", code], {
    env: { HOME: home, ...env },
    extendEnv: false,
  });
  return stdout;
}

describe.skipIf(process.platform === "win32" || process.platform === "darwin")("the compiled form", () => {
  test("is kept in the user's cache, readable by nobody else", async () => {
    const folder = path.join(home, ".cache", "openclaw-switchboard");
    expect(await cacheFolder()).toMatch(new RegExp(`^${folder}/`));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const other = path.join(home, "other");
    expect(await cacheFolder({ XDG_CACHE_HOME: other })).toMatch(
      new RegExp(`^${other}/openclaw-switchboard/`),
    );
  });

  test("is not kept in a folder that depends on where the script is started", async () => {
    expect(await cacheFolder({ XDG_CACHE_HOME: "caches" })).toMatch(new RegExp(`^${home}/\\.cache/`));
  });

  test("is not kept where others can write", async () => {
    const folder = path.join(home, ".cache", "openclaw-switchboard");
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    expect(await cacheFolder()).toBe("undefined");
  });

  test("is not kept where nothing can be written, and nobody hears of it", async () => {
    writeFileSync(path.join(home, ".cache"), "");
    expect(await cacheFolder()).toBe("undefined");
  });
});
