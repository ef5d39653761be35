/** Proves the first step of every built script: on an older Node it runs itself again on the package's own. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const projectFolder = path.resolve(import.meta.dirname, "../..");
const binary = process.platform === "win32" ? "node.exe" : "node";
/** Makes this Node say that it is an older one. What it starts says again what it is. */
const OLDER = [
  "--import",
  `data:text/javascript,${encodeURIComponent(
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });',
  )}`,
];

let folder: string;
let script: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "switchboard-launch-"));
  cpSync(path.join(projectFolder, "package.json"), path.join(folder, "package.json"));
  mkdirSync(path.join(folder, "node_modules", ".bin"), { recursive: true });
  symlinkSync(process.execPath, path.join(folder, "node_modules", ".bin", binary));
  // As shipped: bundled, some folders down, and a script that tells what it runs on.
  script = path.join(folder, "dist", "scripts", "told.js");
  const launch = path.join(folder, "dist", "scripts", "parts", "launch.js");
  await build({
    entryPoints: [path.join(projectFolder, "plugin", "launch.ts")],
    outfile: launch,
    format: "esm",
    platform: "node",
  });
  const told = "console.log(JSON.stringify([process.versions.node, ...process.argv.slice(2)]))";
  writeFileSync(path.join(path.dirname(script), "script.js"), `${told};\nprocess.exitCode = 3;\n`);
  writeFileSync(script, 'import "./parts/launch.js";\nawait import("./script.js");\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Without the variables that a gateway would have set. */
const env = { SWITCHBOARD_NODE: undefined, SWITCHBOARD_RELAUNCHED: undefined };

describe("a built script on an older Node", () => {
  it("runs on the clone's Node, with its arguments and its exit code", async () => {
    const result = await execa(process.execPath, [...OLDER, script, "你好", "--json"], {
      env,
      reject: false,
    });
    expect(result.stderr).toBe("");
    expect(JSON.parse(result.stdout)).toEqual([process.versions.node, "你好", "--json"]);
    expect(result.exitCode).toBe(3);
  });

  it.skipIf(process.platform === "win32").each([
    ["SIGTERM", "process.on('SIGTERM', () => process.exit(7))", 7],
    ["SIGINT", "", 130],
    ["SIGHUP", "", 129],
  ] as const)("hands %s on (%s), and ends as its script does", async (signal, listener, exitCode) => {
    const waiting = path.join(path.dirname(script), "waiting.js");
    writeFileSync(
      waiting,
      `import "./parts/launch.js";\n${listener};\nsetInterval(() => {}, 1000);\nconsole.log("here");\n`,
    );
    const child = execa(process.execPath, [...OLDER, waiting], { env, reject: false });
    child.stdout.once("data", () => child.kill(signal));
    expect((await child).exitCode).toBe(exitCode);
  });

  it("says what is wanted where there is no other Node", async () => {
    const bare = path.join(folder, "bare");
    cpSync(path.join(folder, "dist"), path.join(bare, "dist"), { recursive: true });
    cpSync(path.join(folder, "package.json"), path.join(bare, "package.json"));
    const args = [...OLDER, path.join(bare, "dist", "scripts", "told.js")];
    const result = await execa(process.execPath, args, { env, reject: false });
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(/^This needs Node 24\.16 or newer, and this is 20\.20\.2\. .*\.$/);
  });

  it("does so with what is shipped, on a real one", async ({ skip }) => {
    const older = olderNode();
    if (older === undefined) return skip("There is no Node 20.10 to 24.15 on the PATH.");
    const shipped = path.join(folder, "shipped");
    cpSync(path.join(projectFolder, "dist"), path.join(shipped, "dist"), { recursive: true });
    cpSync(path.join(projectFolder, "package.json"), path.join(shipped, "package.json"));
    cpSync(path.join(folder, "node_modules"), path.join(shipped, "node_modules"), { recursive: true });
    const result = await execa(older, [path.join(shipped, "dist", "scripts", "call.js"), "--help"], {
      env,
      reject: false,
    });
    expect(result.stderr).toBe("");
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain("Usage:");
  });
});

/** A Node on the PATH that is too old for us, and reads modules as shipped. */
function olderNode(): string | undefined {
  const found = (process.env["PATH"] ?? "").split(path.delimiter).map((place) => path.join(place, binary));
  return found.filter(existsSync).find((file) => {
    const version = execFileSync(file, ["-p", "process.versions.node"], { encoding: "utf8" });
    const [major = 0, minor = 0] = version.split(".").map(Number);
    return (major > 20 || (major === 20 && minor >= 10)) && (major < 24 || (major === 24 && minor < 16));
  });
}
