/**
 * Owns the background process from start to end: alone (lock), talkative (log, status file), and ending cleanly
 * when it is told to, when it is not wanted any more, or when going on would only do harm.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayAddress } from "../agent/gateway-http.ts";
import { createHttpAgent, type HttpAgent } from "../agent/http-agent.ts";
import { secretsOf } from "../config/redaction.ts";
import { createRingLog, type Log, messageOf } from "../log.ts";
import { closeStore, openStore } from "../store/database.ts";
import { type Connector, createConnector } from "./connector.ts";
import type { ConnectorSettings } from "./connector-settings.ts";
import { connectorFiles } from "./files.ts";
import { ANOTHER_RUNS, takeLock } from "./lock.ts";
import { openLogFile } from "./log-file.ts";
import { isPluginActive } from "./plugin-active.ts";
import { type ConnectorStatus, readWish, type Wish, writeStatus, writeWish } from "./status-file.ts";

/** How often changes are looked for, and how often the file is written without one. */
const LOOK_EVERY_MS = 200;
const WRITE_EVERY_MS = 5_000;
/** How often the gateway is asked whether the plugin has taken over and which way is open. */
const ASK_EVERY_MS = 60_000;
/** How long lines may take to end. */
const STOP_LIMIT_MS = 5_000;
const KEPT_LOG_LINES = 50;

export interface BackgroundParameters {
  readonly settings: ConnectorSettings;
  readonly gateway: GatewayAddress;
  readonly wish: Wish;
  readonly version: string;
  readonly debug: boolean;
  /** Aborted by the process's signals: end cleanly. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks at the gateway. Default a minute. */
  readonly askEveryMs?: number;
}

/** Runs until it is told to end. Resolves to the exit code, with everything it opened closed. */
export async function runBackground(parameters: BackgroundParameters): Promise<number> {
  const { settings, gateway, version, signal, askEveryMs = ASK_EVERY_MS } = parameters;
  const files = connectorFiles(settings.stateFolder);
  const lock = takeLock(files.lock);
  if (lock === undefined) return ANOTHER_RUNS;

  const startedAt = new Date().toISOString();
  let lastError: ConnectorStatus["lastError"];
  let connector: Connector | undefined;
  let lastWritten = "";
  let lastWrittenAtMs = 0;

  const agent = createHttpAgent(gateway, settings);
  const file = openLogFile({ folder: files.folder, debug: parameters.debug });
  const log = redacting(settings, gateway, {
    ...file,
    error: (message) => {
      lastError = { at: new Date().toISOString(), message };
      file.error(message);
    },
    warn: (message) => {
      lastError = { at: new Date().toISOString(), message };
      file.warn(message);
    },
  });

  function report(end: Pick<ConnectorStatus, "state" | "gaveUp"> = { state: "running" }): void {
    const status = {
      pid: process.pid,
      version,
      startedAt,
      ...end,
      lines: connector?.lines() ?? [],
      agent: agentReport(agent),
      problems: [...settings.problems],
      ...(lastError === undefined ? {} : { lastError }),
    };
    const written = JSON.stringify(status);
    const nowMs = performance.now();
    if (written === lastWritten && nowMs - lastWrittenAtMs < WRITE_EVERY_MS) return;
    writeStatus(files.status, { ...status, updatedAt: new Date().toISOString() });
    lastWritten = written;
    lastWrittenAtMs = nowMs;
  }

  async function live(): Promise<string | undefined> {
    if (await isPluginActive(gateway)) return pluginActive(gateway);
    const store = await openStore(settings.stateFolder);
    try {
      connector = createConnector({
        config: settings.config,
        agent,
        store,
        stateFolder: settings.stateFolder,
        log,
        version,
      });
      connector.start();
      void agent.check(signal);
      return await watch(connector);
    } finally {
      await Promise.race([connector?.stop(), sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
      await closeStore(store);
    }
  }

  /** Resolves when the process is to end; to a sentence when starting it again would not help. */
  async function watch(lines: Connector): Promise<string | undefined> {
    let askedAtMs = performance.now();
    while (!signal.aborted) {
      report();
      if (readWish(files.wish) === undefined) return undefined;
      const all = lines.lines();
      if (all.every(({ state }) => state === "refused" || state === "stopped")) {
        return all.map(({ detail }) => detail).join(" ");
      }
      if (performance.now() - askedAtMs > askEveryMs) {
        askedAtMs = performance.now();
        if (await isPluginActive(gateway)) return pluginActive(gateway);
        await agent.check(signal);
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
    return undefined;
  }

  const crash = (error: unknown) => {
    log.error(`The background process ended after an error of its own: ${stackOf(error)}`);
    void file.close().then(() => process.exit(1));
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  try {
    writeWish(files.wish, parameters.wish);
    report();
    log.info(`Started (version ${version}, process ${process.pid}).`);
    for (const problem of settings.problems) log.warn(problem);
    const gaveUp = await live().catch((error: unknown) => messageOf(error));
    if (gaveUp !== undefined) log.error(gaveUp);
    log.info("Ended.");
    report({ state: "ended", ...(gaveUp === undefined ? {} : { gaveUp }) });
    return gaveUp === undefined ? 0 : 1;
  } finally {
    process.off("uncaughtException", crash);
    process.off("unhandledRejection", crash);
    await file.close();
    lock.release();
  }
}

export function pluginActive(gateway: GatewayAddress): string {
  return (
    `The Switchboard plugin is active on the gateway at ${gateway.url} and keeps the phone connected: ` +
    "a background process is not needed and would fight over the key. See: openclaw phone status"
  );
}

function agentReport(agent: HttpAgent): ConnectorStatus["agent"] {
  const { access } = agent;
  return {
    detail: access?.detail ?? "Not asked yet.",
    ...(access?.way === undefined ? {} : { way: access.way }),
    ...(access?.modelCallsPerTurn === undefined ? {} : { modelCallsPerTurn: access.modelCallsPerTurn }),
  };
}

function redacting({ config }: ConnectorSettings, { token }: GatewayAddress, inner: Log): Log {
  const secrets = secretsOf({ lines: config.lines, gatewayToken: token });
  return createRingLog(inner, KEPT_LOG_LINES, { secrets: () => secrets });
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
