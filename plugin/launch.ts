/**
 * Owns the first step of every built script: running on a Node that is new enough, and keeping what it compiles. The
 * gateway's Node and the one an agent's shell finds first are often two: the plugin names its own in
 * `SWITCHBOARD_NODE`, a clone has one after `npm ci`. Imports nothing else of ours, since older Nodes must be able to
 * read it.
 */
import { existsSync, mkdirSync, statSync } from "node:fs";
import nodeModule from "node:module";
import { constants, homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
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
  const { spawn } = await import("node:child_process");
  const [, script = "", ...rest] = process.argv;
  const child = spawn(found, [script, ...rest], {
    stdio: "inherit",
    env: { ...process.env, SWITCHBOARD_RELAUNCHED: "1" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Windows tells all processes of a console itself, and `kill` would end the child in the middle of its work.
    process.on(signal, () => process.platform !== "win32" && child.kill(signal));
  }
  child.on("error", (error) => {
    console.error(
      `${found} cannot be run (${error.message}): run this with the Node that runs your gateway.`,
    );
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
  // The script itself is the child's to run.
  await new Promise(() => {});
}

keepCompiled();

/**
 * Has Node keep the compiled form of the script: those with the settings start in two thirds of the time. What is in
 * that folder is run, so it has to be one that only this user can write to, which a temporary folder is not. Without
 * such a folder everything works as well, later.
 */
function keepCompiled(): void {
  try {
    const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
    const caches = {
      win32: () => absolute(LOCALAPPDATA) ?? join(homedir(), "AppData", "Local"),
      darwin: () => join(homedir(), "Library", "Caches"),
      other: () => absolute(XDG_CACHE_HOME) ?? join(homedir(), ".cache"),
    };
    const { platform } = process;
    const folder = join(
      caches[platform === "win32" || platform === "darwin" ? platform : "other"](),
      "openclaw-switchboard",
    );
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    if (platform !== "win32" && (uid !== process.getuid?.() || (mode & 0o022) !== 0)) return;
    nodeModule.enableCompileCache(folder);
  } catch {
    // No home, or none that can be written to.
  }
}

/** A relative one would be another folder for each place the script is started from (XDG base directories: ignored). */
function absolute(folder: string | undefined): string | undefined {
  return folder !== undefined && isAbsolute(folder) ? folder : undefined;
}
