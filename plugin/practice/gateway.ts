/**
 * Owns a real OpenClaw gateway in a folder of its own, with this package linked as a plugin: for the demo,
 * `npm run gateway`, the tests and the benchmarks. Nothing of the user's own gateway is read or touched.
 */
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";

export interface PracticeGatewayOptions {
  /** Folder of this package: what it ships is linked as the plugin. Undefined: a gateway that has never seen it. */
  readonly pluginFolder?: string | undefined;
  readonly port?: number | undefined;
  /** Kept when given; otherwise a temporary folder that is removed at the end. */
  readonly stateDir?: string | undefined;
  /** An OpenAI-compatible endpoint, with `/v1`. */
  readonly modelUrl: string;
  /** The plugin's own config (`plugins.entries.switchboard.config`). */
  readonly pluginConfig?: Record<string, unknown> | undefined;
  /** Lines of the gateway's `.env`: keys and where the lines point. */
  readonly environment?: Record<string, string> | undefined;
  /** Merged over the generated config, one level deep. */
  readonly config?: Record<string, Record<string, unknown>> | undefined;
  /** Folders of further plugins, by their ids. */
  readonly otherPlugins?: Readonly<Record<string, string>> | undefined;
  /** False leaves the conversation permission away. Default true. */
  readonly conversationAccess?: boolean | undefined;
  /** Whether it serves its pages (the Control UI): every start copies them. Default false: nobody looks. */
  readonly pages?: boolean | undefined;
  /** Milliseconds to wait for the gateway to answer. */
  readonly startTimeoutMs?: number | undefined;
  /** Gives the start up: what was started is ended, and the start rejects. */
  readonly signal?: AbortSignal | undefined;
}

export interface PracticeGateway {
  readonly port: number;
  readonly token: string;
  readonly stateDir: string;
  readonly url: string;
  readonly processId: number | undefined;
  /** What the gateway printed so far. */
  output(): string;
  /** Runs the gateway's own command line against this gateway's folders. */
  openclaw(
    commandLine: readonly string[],
    options?: { cwd?: string; timeoutMs?: number },
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Resolves when the process has ended by itself. */
  readonly ended: Promise<void>;
  /** Ends it cleanly and removes a temporary folder. `keepState` leaves the folder for a restart. */
  stop(options?: { keepState?: boolean; signal?: "SIGTERM" | "SIGKILL" }): Promise<void>;
}

/** The folders of a gateway that need not run: its command line reads them. */
export interface GatewayFolder extends Pick<PracticeGateway, "port" | "token" | "stateDir" | "openclaw"> {
  /** The file of the gateway's command line. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  /** Removes a temporary folder; one that was given stays. */
  remove(): Promise<void>;
}

/** How long a gateway may take to end cleanly before it is killed. */
const STOP_LIMIT_MS = 15_000;

/** Makes the folders of a gateway, with config, `.env` and the linked package, and starts nothing. */
export async function prepareGatewayFolder(options: PracticeGatewayOptions): Promise<GatewayFolder> {
  const temporary = options.stateDir === undefined;
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), "switchboard-gateway-")));
  const home = join(stateDir, "home");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const port = options.port ?? (await freePort());
  const pluginFolder =
    options.pluginFolder === undefined ? undefined : await stagePackage(options.pluginFolder, stateDir);
  const token = await writeGatewayFolder(stateDir, port, { ...options, pluginFolder });
  const entry = join(dirname(findPackageJSON("openclaw", import.meta.url) ?? ""), "openclaw.mjs");
  const env = gatewayEnvironment(stateDir, home);
  return {
    port,
    token,
    stateDir,
    entry,
    env,
    openclaw: async (commandLine, { cwd = stateDir, timeoutMs = 120_000 } = {}) => {
      const result = await execa(process.execPath, [entry, ...commandLine], {
        env,
        extendEnv: false,
        cwd,
        reject: false,
        stdin: "ignore",
        timeout: timeoutMs,
      });
      return { exitCode: result.exitCode ?? 1, stdout: result.stdout, stderr: result.stderr };
    },
    remove: async () => {
      if (temporary) await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Starts a gateway and resolves when it answers `GET /health`; rejects with one sentence and its last output. */
export async function startPracticeGateway(options: PracticeGatewayOptions): Promise<PracticeGateway> {
  const folder = await prepareGatewayFolder(options);
  const { port, token, stateDir, entry, env, openclaw } = folder;
  let output = "";
  const child = execa(process.execPath, [entry, "gateway", "run"], {
    env,
    extendEnv: false,
    cwd: stateDir,
    reject: false,
    all: true,
    buffer: false,
    stdin: "ignore",
    forceKillAfterDelay: STOP_LIMIT_MS,
  });
  child.all?.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-400_000);
  });
  let running = true;
  const ended = child.then(() => {
    running = false;
  });
  const stop: PracticeGateway["stop"] = async ({ keepState = false, signal = "SIGTERM" } = {}) => {
    if (running) child.kill(signal);
    await ended;
    if (!keepState) await folder.remove();
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + (options.startTimeoutMs ?? 60_000);
  while (running && Date.now() < deadline && !options.signal?.aborted) {
    if (await answersHealth(url)) {
      return {
        port,
        token,
        stateDir,
        url,
        processId: child.pid,
        output: () => output,
        ended,
        stop,
        openclaw,
      };
    }
    await sleep(100);
  }
  await stop();
  if (options.signal?.aborted) throw new Error("The start was given up.");
  throw new Error(
    `The gateway did not start. Its last words: ${output.trim().split("\n").slice(-5).join(" | ")}`,
  );
}

/**
 * Copies what the package ships into the gateway's folder. The gateway takes every file below a linked plugin's folder
 * for the plugin's own, its own package in our node_modules among them, and turns then fail ("Plugin entry is outside
 * its captured source package").
 */
async function stagePackage(packageFolder: string, stateDir: string): Promise<string> {
  const staged = join(stateDir, "linked-plugin");
  await rm(staged, { recursive: true, force: true });
  const { files } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  for (const name of ["package.json", ...files]) {
    await cp(join(packageFolder, name), join(staged, name), { recursive: true });
  }
  return staged;
}

/** A child's environment: this process's without any variable that would lead to the user's own gateway or lines. */
function gatewayEnvironment(stateDir: string, home: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(OPENCLAW|CLAWDBOT|CLAWDTALK|CLAWCALL|STEPONE|VITEST|NODE_OPTIONS)/.test(name),
  );
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    HOME: home,
    USERPROFILE: home,
    OPENCLAW_STATE_DIR: stateDir,
    NO_COLOR: "1",
  };
}

/**
 * Writes config and `.env`, and returns the gateway's token. A folder that has a config keeps it, but for what was
 * asked for this time.
 */
async function writeGatewayFolder(
  stateDir: string,
  port: number,
  options: PracticeGatewayOptions,
): Promise<string> {
  const configFile = join(stateDir, "openclaw.json");
  if (options.environment !== undefined) {
    const lines = Object.entries(options.environment).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(stateDir, ".env"), lines.join(""), { mode: 0o600 });
  }
  const before = await readFile(configFile, "utf8").catch(() => undefined);
  if (before !== undefined) {
    const known = JSON.parse(before);
    known.gateway.port = port;
    known.models.providers.practice.baseUrl = options.modelUrl;
    const entry = known.plugins?.entries?.switchboard;
    if (entry !== undefined) entry.config = { ...entry.config, ...options.pluginConfig };
    await writeFile(configFile, JSON.stringify(known, null, 2), { mode: 0o600 });
    return known.gateway.auth.token;
  }
  const token = randomBytes(24).toString("hex");
  const config = gatewayConfig(stateDir, { port, token }, options);
  await writeFile(configFile, JSON.stringify(config, null, 2), { mode: 0o600 });
  return token;
}

/** The config of a gateway with these options, as it is written into a folder that has none. */
export function gatewayConfig(
  stateDir: string,
  { port, token }: Pick<PracticeGateway, "port" | "token">,
  options: Omit<PracticeGatewayOptions, "stateDir" | "port">,
): Record<string, Record<string, unknown>> {
  const { otherPlugins = {} } = options;
  const config: Record<string, Record<string, unknown>> = {
    gateway: {
      ...{ mode: "local", port, bind: "loopback", auth: { mode: "token", token } },
      ...(options.pages ? {} : { controlUi: { enabled: false } }),
    },
    models: { providers: { practice: practiceProvider(options.modelUrl) } },
    agents: {
      defaults: {
        model: { primary: "practice/scripted" },
        workspace: join(stateDir, "workspace"),
        skipBootstrap: true,
      },
    },
    channels: { phone: { enabled: true } },
    plugins: {
      ...(options.pluginFolder === undefined
        ? {}
        : { load: { paths: [options.pluginFolder, ...Object.values(otherPlugins)] } }),
      entries: {
        ...Object.fromEntries(Object.keys(otherPlugins).map((id) => [id, { enabled: true }])),
        switchboard: {
          enabled: true,
          ...(options.conversationAccess === false ? {} : { hooks: { allowConversationAccess: true } }),
          config: options.pluginConfig ?? {},
        },
      },
    },
  };
  if (options.pluginFolder === undefined) {
    delete config["channels"];
    delete config["plugins"];
  }
  for (const [section, values] of Object.entries(options.config ?? {})) {
    config[section] = { ...config[section], ...values };
  }
  return config;
}

function practiceProvider(baseUrl: string): Record<string, unknown> {
  return {
    baseUrl,
    apiKey: "practice",
    api: "openai-completions",
    models: ["scripted", "scripted-fast"].map((id) => ({
      id,
      name: id,
      reasoning: false,
      input: ["text"],
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
      contextWindow: 128_000,
      maxTokens: 4096,
    })),
  };
}

async function answersHealth(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("No free port on 127.0.0.1.");
  return address.port;
}
