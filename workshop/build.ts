/**
 * Owns what is shipped: bundles the plugin's entry and every script into `dist/`, and writes the parts of the
 * manifest and the pages that come from the code. `--check` fails when the committed result is not what the source gives,
 * since skills are installed by copying the repository and node runs no TypeScript below node_modules.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { pluginConfigJsonSchema, secretPaths } from "../plugin/config/schema.ts";
import { allChecks } from "../plugin/doctor/checks.ts";
import { troubleshootingPage } from "../plugin/doctor/page.ts";
import { ZONES_FILE, ZONES_PACKAGE, zonesByPrefixFile } from "./zones-by-prefix.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
/**
 * The scripts people and agents run; demo, gateway and the workshop stay in the repository. Those of one group share
 * what they load. The second group starts fast because nothing of the first one's settings is in its parts.
 */
const SCRIPT_GROUPS = [
  [
    "phone",
    "approval",
    "call",
    "sms",
    "clawcall",
    "briefing",
    "missions",
    "connect",
    "practice",
    "setup",
    "status",
    "doctor",
    "update",
    "uninstall",
    "callout",
    "stepone",
  ],
  ["callinfo", "stream_chat"],
];

/** The entry of a built script: the right Node first, then the script itself, loaded only then. */
const launchers: Plugin = {
  name: "launchers",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^launch:/ }, ({ path }) => ({
      path: path.slice("launch:".length),
      namespace: "launch",
    }));
    onLoad({ filter: /.*/, namespace: "launch" }, ({ path }) => ({
      contents: `import "./plugin/launch.ts";\nawait import("./scripts/${path}.ts");\n`,
      resolveDir: root,
      loader: "ts",
    }));
  },
};

async function bundle(outdir: string): Promise<void> {
  const shared: BuildOptions = {
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24.16",
    // Licences stand in THIRD_PARTY_NOTICES.txt.
    legalComments: "none",
    metafile: true,
    // Committed and shipped: small matters more than pretty. Names stay, for readable stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "error",
    // Where a dependency really lies says something of this machine, and nothing of the package.
    preserveSymlinks: true,
    // Bundled CommonJS packages (ws among them) call require for node's own modules.
    banner: {
      js: 'import { createRequire as switchboardCreateRequire } from "node:module"; const require = switchboardCreateRequire(import.meta.url);',
    },
    external: ["openclaw", "openclaw/*", "bufferutil", "utf-8-validate"],
  };
  // Two bundles that share nothing: the gateway's command line loads the small one alone.
  const entries = await Promise.all(
    ["index", "setup"].map((name) =>
      build({
        ...shared,
        entryPoints: [`plugin/${name}.ts`],
        outfile: join(outdir, `${name}.js`),
      }),
    ),
  );
  const scripts = await Promise.all(
    SCRIPT_GROUPS.map((names) =>
      build({
        ...shared,
        entryPoints: names.map((name) => ({ in: `launch:${name}`, out: name })),
        plugins: [launchers],
        outdir: join(outdir, "scripts"),
        // Shared parts are loaded only when a command needs them: `--help` stays fast.
        splitting: true,
        chunkNames: "parts/[name]-[hash]",
      }),
    ),
  );
  const bundled = [...entries, ...scripts].flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
  await writeFile(join(outdir, "THIRD_PARTY_NOTICES.txt"), await notices(bundled));
}

/** The licences of the packages whose code the bundles contain. `files` are paths relative to the root. */
async function notices(files: readonly string[]): Promise<string> {
  const folders = files.flatMap((file) =>
    // Made of that package's data, and so under its licence.
    file === ZONES_FILE
      ? [`node_modules/${ZONES_PACKAGE}`]
      : (/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []),
  );
  const parts = [...new Set(folders)].sort().map(async (folder) => {
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8"));
    const file = (await readdir(join(root, folder))).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? "" : `\n${(await readFile(join(root, folder, file), "utf8")).trim()}\n`;
    return `${name} ${version} (${license})\n${text}`;
  });
  return `The files beside this one contain code of these packages.\n\n${(await Promise.all(parts)).join("\n")}`;
}

const manifestFile = join(root, "openclaw.plugin.json");

/** The manifest as it stands, and as the code wants it. */
async function manifest(): Promise<{ present: string; wanted: string }> {
  const present = await readFile(manifestFile, "utf8");
  const wanted = {
    ...JSON.parse(present),
    version: await packageVersion(),
    configSchema: pluginConfigJsonSchema(),
    configContracts: {
      secretInputs: { paths: secretPaths.map((path) => ({ path, expected: "string" })) },
    },
  };
  return { present, wanted: `${JSON.stringify(wanted, null, 2)}\n` };
}

async function packageVersion(): Promise<string> {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")).version;
}

async function zones(): Promise<{ present: string; wanted: string }> {
  const present = await readFile(join(root, ZONES_FILE), "utf8").catch(() => "");
  return { present, wanted: await zonesByPrefixFile() };
}

const PAGE_FILE = "references/troubleshooting.md";

/** The page of the doctor's checks. */
async function page(): Promise<{ present: string; wanted: string }> {
  const present = await readFile(join(root, PAGE_FILE), "utf8").catch(() => "");
  return { present, wanted: troubleshootingPage(allChecks) };
}

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      files.map(async (file) => [relative(folder, file), await readFile(file, "utf8")] as const),
    ),
  );
}

/** Bundles beside `dist/` and hands over what differs: file name → new content, undefined where it has to go. */
async function differences(): Promise<Map<string, string | undefined>> {
  const fresh = await mkdtemp(join(tmpdir(), "switchboard-build-"));
  try {
    await bundle(fresh);
    const [expected, present] = await Promise.all([filesBelow(fresh), filesBelow(dist)]);
    const names = [...new Set([...expected.keys(), ...present.keys()])];
    return new Map(
      names
        .filter((name) => expected.get(name) !== present.get(name))
        .map((name) => [name, expected.get(name)]),
    );
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Only what differs is touched: a gateway that has this folder linked reads it while it runs. */
async function update(): Promise<void> {
  const { present, wanted } = await manifest();
  if (present !== wanted) await writeFile(manifestFile, wanted);
  const table = await zones();
  if (table.present !== table.wanted) await writeFile(join(root, ZONES_FILE), table.wanted);
  const checks = await page();
  if (checks.present !== checks.wanted) await writeFile(join(root, PAGE_FILE), checks.wanted);
  for (const [name, content] of await differences()) {
    const file = join(dist, name);
    if (content === undefined) await rm(file);
    else {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }
}

async function check(): Promise<void> {
  const { present, wanted } = await manifest();
  const stale = [...(await differences()).keys()].map((name) => join("dist", name));
  if (present !== wanted) stale.push("openclaw.plugin.json");
  const table = await zones();
  if (table.present !== table.wanted) stale.push(ZONES_FILE);
  const checks = await page();
  if (checks.present !== checks.wanted) stale.push(PAGE_FILE);
  if (stale.length === 0) return;
  console.error(
    `What is shipped is not what the source gives (${stale.join(", ")}). Run "npm run build" and commit it.`,
  );
  process.exitCode = 1;
}

await (process.argv.includes("--check") ? check() : update());
