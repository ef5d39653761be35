/**
 * Owns the command that starts, stops, shows and watches the background process of skill-only installs. What it
 * needs is loaded when it is needed.
 */
import { dirname } from "node:path";
import type { Command } from "commander";
import { type Answer, answerWith, type CommandContext } from "../command-line/run.ts";
import { findPackageFolder } from "../config/state-folder.ts";
import { messageOf } from "../log.ts";
import type { ConnectorSettings } from "./connector-settings.ts";
import type { ConnectorStatus } from "./status-file.ts";

interface ConnectOptions {
  readonly server?: string;
  readonly json?: boolean;
}

const RUNS_WITHOUT_A_LINE = 3;

const HELP = `
The phone of a skill-only install: one background process keeps every configured line connected and passes the
owner's words to the gateway. With the Switchboard plugin it is not needed; start then says so and does nothing.

Exit codes:
  0  done; for status: running and connected, or not needed
  1  not done, and why; for status: not running
  2  the command was not understood
  3  running, but a line is not connected (it keeps trying)

For cron: "watchdog" starts it again when it was started and has ended by itself, and does nothing after "stop".
DEBUG=1 writes debug lines to the log too.`;

/** Adds the subcommands to `command`. `folder` is the script's own. */
export function defineConnectCommand(command: Command, context: CommandContext, folder: string): void {
  const answering = (work: (job: Job) => Promise<Answer>) => async (_own: unknown, self: Command) => {
    const options: ConnectOptions = self.optsWithGlobals();
    const settings = await readSettings(folder, options.server);
    await answerWith({ ...context, settings: async () => settings }, options, () =>
      work({ folder, settings, options, context }),
    );
  };
  command
    .description("Keep the phone connected without the plugin.")
    .option(
      "--server <url>",
      "the phone service's address, in place of the configured one",
      serverUrl(command),
    )
    .option("--json", "print one JSON object")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", HELP);
  command.command("start").description("Start the background process.").action(answering(start));
  command.command("stop").description("End it, and let the watchdog leave it so.").action(answering(stop));
  command.command("restart").description("End it and start it again.").action(answering(restart));
  command
    .command("status")
    .description("Show whether it runs, each line, and what a turn costs.")
    .action(answering(status));
  command
    .command("watchdog")
    .description("Start it again if it should run and does not; for cron.")
    .action(answering(watchdog));
  command
    .command("run", { hidden: true })
    .description("Be the background process.")
    .action(async (_own: unknown, self: Command) => {
      const { server }: ConnectOptions = self.optsWithGlobals();
      await run(await readSettings(folder, server), server, context);
    });
}

/** What a subcommand works with. */
interface Job {
  /** The script's own folder. */
  readonly folder: string;
  readonly settings: ConnectorSettings;
  readonly options: ConnectOptions;
  readonly context: CommandContext;
}

async function start({ settings, options, context }: Job): Promise<Answer> {
  const { gateway, check, isPluginActive, pluginActive } = await open(settings);
  const { runningStatus, startBackground, ConnectorProblem } = await import("./control.ts");
  const { connectorFiles } = await import("./files.ts");
  const files = connectorFiles(settings.stateFolder);
  const running = await runningStatus(files);
  if (running !== undefined) {
    return runs(running, "The background process runs already", false, context);
  }
  const { chooseLine } = await import("../config/choose-line.ts");
  chooseLine(settings.config);
  if (await isPluginActive(gateway)) {
    return { text: pluginActive(gateway), json: { started: false, running: false, plugin: true } };
  }
  const access = await check();
  if (access.way === undefined) throw new ConnectorProblem(access.detail);
  const { isNew, status } = await startBackground(files, launch(settings, options));
  return runs(status, isNew ? "Started" : "The background process runs already", isNew, context);
}

async function stop({ settings }: Job): Promise<Answer> {
  const { stopBackground } = await import("./control.ts");
  const { connectorFiles } = await import("./files.ts");
  const status = await stopBackground(connectorFiles(settings.stateFolder));
  return status === undefined
    ? { text: "It was not running.", json: { stopped: false } }
    : { text: `Stopped (process ${status.pid}).`, json: { stopped: true, pid: status.pid } };
}

async function restart(job: Job): Promise<Answer> {
  const { connectorFiles } = await import("./files.ts");
  const { readWish } = await import("./status-file.ts");
  const before = readWish(connectorFiles(job.settings.stateFolder).wish);
  await stop(job);
  return await start(await wanted(job, before));
}

async function status({ settings, context }: Job): Promise<Answer> {
  const { runningStatus } = await import("./control.ts");
  const { connectorFiles } = await import("./files.ts");
  const { readStatus } = await import("./status-file.ts");
  const files = connectorFiles(settings.stateFolder);
  const running = await runningStatus(files);
  if (running !== undefined) return runs(running, "Running", undefined, context);
  const { gatewayUrl } = settings.config;
  if (gatewayUrl !== undefined) {
    const { gateway, isPluginActive, pluginActive } = await open(settings);
    if (await isPluginActive(gateway)) {
      return { text: `Not running. ${pluginActive(gateway)}`, json: { running: false, plugin: true } };
    }
  }
  context.setExitCode(1);
  const last = readStatus(files.status);
  const why = last?.gaveUp ?? (last?.state === "running" ? "It was ended from outside." : undefined);
  return {
    text: ["Not running.", why].filter(Boolean).join(" "),
    json: { running: false, ...(why === undefined ? {} : { lastError: { message: why } }) },
  };
}

async function watchdog(job: Job): Promise<Answer> {
  const { isHanging, runningStatus, stopBackground, ConnectorProblem } = await import("./control.ts");
  const { connectorFiles } = await import("./files.ts");
  const { readStatus, readWish } = await import("./status-file.ts");
  const files = connectorFiles(job.settings.stateFolder);
  const before = readWish(files.wish);
  if (before === undefined) {
    return { text: "It is not wanted: nothing to do.", json: { started: false, wanted: false } };
  }
  const running = await runningStatus(files);
  if (running !== undefined && !(await isHanging(files, running))) {
    return runs(running, "Running", false, job.context);
  }
  if (running !== undefined) await stopBackground(files);
  const gaveUp = running === undefined ? readStatus(files.status)?.gaveUp : undefined;
  if (gaveUp !== undefined) throw new ConnectorProblem(`It ended and is not started again: ${gaveUp}`);
  return await start(await wanted(job, before));
}

/** The same job on the server it was started with, unless another one is named now. */
async function wanted(job: Job, before: { server?: string | undefined } | undefined): Promise<Job> {
  const server = job.options.server ?? before?.server;
  if (server === undefined || server === job.options.server) return job;
  return {
    ...job,
    options: { ...job.options, server },
    settings: await readSettings(job.folder, server),
  };
}

async function run(
  settings: ConnectorSettings,
  server: string | undefined,
  context: CommandContext,
): Promise<void> {
  const { chooseLine } = await import("../config/choose-line.ts");
  const { runBackground } = await import("./background.ts");
  const { packageVersion } = await import("../version.ts");
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end.abort());
  try {
    chooseLine(settings.config);
    const { gateway } = await open(settings);
    const exitCode = await runBackground({
      settings,
      gateway,
      wish: server === undefined ? {} : { server },
      version: packageVersion(),
      debug: /^(1|true)$/.test(process.env.DEBUG ?? ""),
      signal: end.signal,
    });
    // Connections kept alive to the gateway are nothing to wait for.
    process.exit(exitCode);
  } catch (error) {
    context.complain(`${messageOf(error)}\n`);
    context.setExitCode(1);
  }
}

/** The gateway's address, and what can be asked there without a model call. */
async function open(settings: ConnectorSettings) {
  const { ConnectorProblem } = await import("./control.ts");
  const { createHttpAgent } = await import("../agent/http-agent.ts");
  const { isPluginActive } = await import("./plugin-active.ts");
  const { pluginActive } = await import("./background.ts");
  const { gatewayUrl: url, gatewayToken: token } = settings.config;
  if (url === undefined) {
    throw new ConnectorProblem(
      "No gateway was found: set OPENCLAW_GATEWAY_URL or gateway_url to its address, such as http://127.0.0.1:18789.",
    );
  }
  const gateway = { url, token };
  return {
    gateway,
    isPluginActive,
    pluginActive,
    check: () => createHttpAgent(gateway, settings).check(),
  };
}

function runs(
  status: ConnectorStatus,
  opening: string,
  started: boolean | undefined,
  context: CommandContext,
): Answer {
  const isConnected = status.lines.length > 0 && status.lines.every(({ state }) => state === "connected");
  if (!isConnected) context.setExitCode(RUNS_WITHOUT_A_LINE);
  const { pid, version, startedAt, lines, agent, problems, lastError } = status;
  return {
    text: [
      `${opening} (process ${pid}, since ${startedAt}).`,
      ...lines.map(
        ({ name, carrier, state, detail, liveCalls }) =>
          `${name} (${carrier}): ${state}. ${detail}${liveCalls > 0 ? ` Calls now: ${liveCalls}.` : ""}`,
      ),
      agent.detail,
      ...(lastError === undefined ? [] : [`Last problem, at ${lastError.at}: ${lastError.message}`]),
    ].join("\n"),
    json: {
      running: true,
      ...(started === undefined ? {} : { started }),
      pid,
      version,
      since: startedAt,
      lines,
      agent,
      problems,
      lastError: lastError ?? null,
    },
  };
}

/** This script again, as the background process: the same node, the same folders, no shell. */
function launch(settings: ConnectorSettings, { server }: ConnectOptions) {
  const [, script = ""] = process.argv;
  return {
    command: process.execPath,
    commandLine: [
      ...process.execArgv.filter((option) => !option.startsWith("--inspect")),
      script,
      "run",
      ...(server === undefined ? [] : ["--server", server]),
    ],
    // Found once, by where the command was typed: the process must not look again from another folder.
    env: {
      ...process.env,
      OPENCLAW_STATE_DIR: settings.stateFolder,
      OPENCLAW_CONFIG_PATH: settings.configFile,
    },
  };
}

async function readSettings(folder: string, server: string | undefined): Promise<ConnectorSettings> {
  const { readConnectorSettings } = await import("./connector-settings.ts");
  const [, started] = process.argv;
  return readConnectorSettings({
    env: process.env,
    startFolders: started === undefined ? [folder] : [dirname(started), folder],
    packageFolder: findPackageFolder(folder),
    server,
  });
}

function serverUrl(command: Command): (given: string) => string {
  return (given) => {
    if (["http:", "https:"].includes(URL.parse(given)?.protocol ?? "")) return given;
    return command.error("error: --server must be an http(s) URL");
  };
}
