/**
 * Owns what setup has the gateway do by its own command line: install this copy as a plugin, take it out again, read its
 * keys anew, begin again. Nothing is ended here by force.
 */
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { type GatewayCli, GatewayCommandFailed } from "../briefings/gateway-cli.ts";
import { realPathIfPresent } from "../config/gateway-config.ts";
import { replaceFile } from "../config/replace-file.ts";
import type { SwitchboardConfig } from "../config/schema.ts";
import { jsonIn } from "../json-text.ts";
import { askPhoneStatus } from "../lines/gateway-phone.ts";
import { messageOf } from "../log.ts";
import { healthOf } from "./findings.ts";

/** Npm fetches nothing for it, but the gateway looks at every file of it. */
const INSTALL_LIMIT_MS = 180_000;

/**
 * Has the gateway install this very copy, packed as npm would publish it. The gateway's installer writes its config anew,
 * without its comments: {@link ConfigAsItWas} puts the text back.
 *
 * @throws GatewayCommandFailed
 */
export async function installPlugin(
  packageFolder: string,
  { cli, signal }: { readonly cli: GatewayCli; readonly signal: AbortSignal },
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "switchboard-setup-"));
  try {
    const packed = await execa("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
      cwd: packageFolder,
      reject: false,
      stdin: "ignore",
      cancelSignal: signal,
      windowsHide: true,
    });
    signal.throwIfAborted();
    const [first] = (jsonIn(packed.stdout) ?? []) as { filename?: unknown }[];
    if (packed.exitCode !== 0 || typeof first?.filename !== "string") {
      throw new GatewayCommandFailed(
        `This copy could not be packed with npm (${packed.stderr.trim().split("\n").at(-1) || packed.shortMessage || "no reason was given"}): install the plugin yourself with "openclaw plugins install npm:openclaw-switchboard".`,
      );
    }
    const file = path.join(folder, first.filename);
    await cli.runPlain(["plugins", "install", `npm-pack:${file}`, "--force", "--accept-capabilities"], {
      timeoutMs: INSTALL_LIMIT_MS,
      signal,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes the plugin out again. @throws GatewayCommandFailed */
export async function uninstallPlugin(cli: GatewayCli): Promise<void> {
  await cli.runPlain(["plugins", "uninstall", "switchboard", "--force"], { timeoutMs: INSTALL_LIMIT_MS });
}

/** The text of the gateway's config before somebody wrote it anew, link and all. */
export class ConfigAsItWas {
  readonly #configFile: string;
  readonly #linkTo: string | undefined;
  readonly #files: ReadonlyMap<string, Buffer>;

  /** @param files what the config is made of, by real path. */
  constructor(configFile: string, files: readonly string[]) {
    this.#configFile = configFile;
    this.#linkTo = lstatSync(configFile).isSymbolicLink() ? readlinkSync(configFile) : undefined;
    this.#files = new Map([...new Set(files)].map((file) => [file, readFileSync(file)]));
  }

  /** What the config's files hold now, where that is not what they held. */
  changed(): { readonly file: string; readonly content: Buffer }[] {
    const files = [...this.#files.keys(), realPathIfPresent(this.#configFile)];
    return [...new Set(files)]
      .map((file) => ({ file, content: readFileSync(file) }))
      .filter(({ file, content }) => this.#files.get(file)?.equals(content) !== true);
  }

  /** @throws FileNotReplaced */
  async restore(): Promise<void> {
    if (this.#linkTo !== undefined && !lstatSync(this.#configFile).isSymbolicLink()) {
      rmSync(this.#configFile);
      symlinkSync(this.#linkTo, this.#configFile);
    }
    for (const { file, content } of this.changed()) {
      const was = this.#files.get(file);
      if (was === undefined) continue;
      await replaceFile({
        file,
        before: content,
        after: was,
        lockOf: this.#configFile,
        withBackup: false,
      });
    }
  }
}

/** The gateway reads the plugin's keys and settings anew, without beginning again. @throws GatewayCommandFailed */
export async function reloadPlugin(cli: GatewayCli, signal: AbortSignal): Promise<void> {
  await cli.runPlain(["plugins", "reload", "switchboard"], { timeoutMs: 90_000, signal });
}

/** The gateway ends what it does and begins again. To be asked for first. @throws GatewayCommandFailed */
export async function restartGateway(cli: GatewayCli, signal: AbortSignal): Promise<void> {
  await cli.runPlain(["gateway", "restart"], { timeoutMs: 180_000, signal });
}

/** What the gateway has made of the new settings. */
export interface TakenUp {
  readonly isTakenUp: boolean;
  /** What is missing, or wrong with a line: a sentence each. */
  readonly notes: readonly string[];
}

const POLL_MS = 500;
/** A line that is not connected by then has something to say. */
const CONNECTING_MS = 10_000;

/**
 * Waits until the running gateway has the lines that are configured, each connected or with its reason, and may take part
 * in conversations.
 */
export async function untilTakenUp(
  config: SwitchboardConfig,
  {
    lines,
    limitMs,
    signal,
  }: {
    /** By name; those that are to be there. */
    readonly lines: readonly string[];
    readonly limitMs: number;
    readonly signal: AbortSignal;
  },
): Promise<TakenUp> {
  const giveUpAt = performance.now() + limitMs;
  let connectBy = Number.POSITIVE_INFINITY;
  for (;;) {
    signal.throwIfAborted();
    const found = await look(config, lines);
    if (found.isThere) connectBy = Math.min(connectBy, performance.now() + CONNECTING_MS);
    const now = performance.now();
    if (found.isThere && (found.notes.length === 0 || now >= connectBy)) {
      return { isTakenUp: true, notes: found.notes };
    }
    if (now >= giveUpAt) return { isTakenUp: found.isThere, notes: found.notes };
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Whether the gateway has the lines, and what is wrong with them. */
async function look(
  config: SwitchboardConfig,
  wanted: readonly string[],
): Promise<{ readonly isThere: boolean; readonly notes: readonly string[] }> {
  const notYet = (sentence: string) => ({ isThere: false, notes: [sentence] });
  try {
    const health = await healthOf(config.gatewayUrl);
    if (health === undefined) return notYet("The gateway does not answer.");
    if (!health.speaksToOthers) return notYet("The gateway has not taken the new settings up yet.");
    const { lines } = await askPhoneStatus(config);
    const absent = wanted.filter((name) => {
      const line = lines.find((one) => one.name === name);
      return line === undefined || line.state === "starting";
    });
    if (absent.length > 0) return notYet(`The gateway has not begun with ${absent.join(", ")} yet.`);
    const off = lines.filter(({ name, state }) => wanted.includes(name) && state !== "connected");
    return { isThere: true, notes: off.map(({ detail }) => detail) };
  } catch (error) {
    return notYet(messageOf(error));
  }
}
