/**
 * Owns what the doctor's checks look at: each thing is looked up once, when a check first asks for it, and all of them see
 * the same.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { configProblem, type GatewayCli, GatewayCommandFailed } from "../briefings/gateway-cli.ts";
import { CarrierRefused, CarrierUnreachable } from "../carriers/carrier-errors.ts";
import type { Fetch } from "../carriers/http.ts";
import { isUsable, type UsableLine } from "../config/choose-line.ts";
import { isObject, type JsonObject, objectAt, readGatewayConfig } from "../config/gateway-config.ts";
import type { ConfigPlaces, LoadedConfig } from "../config/loader.ts";
import { switchboardFolder } from "../config/state-folder.ts";
import { runningStatus } from "../connector/control.ts";
import { connectorFiles } from "../connector/files.ts";
import { activePlugin } from "../connector/plugin-active.ts";
import type { ConnectorStatus } from "../connector/status-file.ts";
import { askPhoneStatus, GatewayNotReached } from "../lines/gateway-phone.ts";
import { callsOf, type LineAccount } from "../lines/line-calls.ts";
import type { PhoneStatus } from "../lines/service.ts";
import { messageOf } from "../log.ts";

/** What of this machine counts. */
export interface ExaminedMachine {
  /** "24.21.0" */
  readonly nodeVersion: string;
  readonly platform: NodeJS.Platform;
  /** Undefined on Windows. */
  readonly userId: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

type ExaminedCli = Pick<GatewayCli, "file" | "run">;

export interface ExaminationParameters {
  readonly places: ConfigPlaces;
  readonly settings: LoadedConfig & { readonly stateFolder: string };
  readonly machine: ExaminedMachine;
  /** Opens the gateway's command line. @throws GatewayCliMissing */
  readonly openCli: () => ExaminedCli;
  /** Makes a call on the practice line; undefined where none is wanted. */
  readonly testCall?: ((signal: AbortSignal) => Promise<TestCallTimes>) | undefined;
  readonly signal: AbortSignal;
}

/** What was heard on a call to the user's own agent; times in milliseconds since the caller spoke. */
export interface TestCallTimes {
  readonly heard: readonly string[];
  readonly firstWordMs: number;
  readonly wholeMs: number;
}

/** What answers at the gateway's address. */
export type GatewayAnswer = "up" | "starting" | "silent" | "other";

/** What the plugin in the running gateway says, or why it cannot be asked. */
export type PhoneAnswer =
  | { readonly status: PhoneStatus }
  | { readonly status?: undefined; readonly reason: GatewayNotReached["reason"]; readonly message: string };

/** What the gateway's command line knows of the plugin without the gateway. */
export interface InstalledPlugin {
  readonly enabled: boolean;
  /** "loaded", "disabled", "error", … */
  readonly status: string | undefined;
  readonly version: string | undefined;
  /** Why it is not active, or what is wrong with it, in the gateway's words. */
  readonly complaint: string | undefined;
}

/** What a service says of a line's account. */
export type AccountAnswer =
  | { readonly account: LineAccount }
  | {
      readonly account?: undefined;
      readonly message: string;
      /** It has not said no: it was not reached, or is in trouble itself. */
      readonly mayPass: boolean;
    };

const DEFAULT_GATEWAY = "http://127.0.0.1:18789";
const HEALTH_LIMIT_MS = 5_000;
/** So many commands of the gateway run at once: each loads the whole of it. */
const CLI_AT_ONCE = 2;

/** Subcommands of `phone` that are scripts of their own too. */
const OWN_SCRIPTS: ReadonlySet<string> = new Set(["setup", "doctor", "status"]);

const inspected = z.object({
  plugin: z.looseObject({
    enabled: z.boolean().optional(),
    activated: z.boolean().optional(),
    activationReason: z.string().optional(),
    status: z.string().optional(),
    version: z.string().optional(),
    error: z.string().optional(),
  }),
  diagnostics: z.array(z.looseObject({ level: z.string(), message: z.string() })).default([]),
});

export class Examination {
  readonly places: ConfigPlaces;
  readonly settings: ExaminationParameters["settings"];
  /** The gateway's config with what it includes, and what is wrong with it, a sentence each. */
  readonly gatewayConfig: JsonObject;
  readonly gatewayConfigProblems: readonly string[];
  readonly machine: ExaminedMachine;
  readonly signal: AbortSignal;
  readonly testCall: ExaminationParameters["testCall"];
  readonly #openCli: () => ExaminedCli;
  readonly #known = new Map<string, unknown>();
  readonly #skews: number[] = [];
  readonly #running: Promise<unknown>[] = Array.from({ length: CLI_AT_ONCE }, () => Promise.resolve());
  #next = 0;

  constructor(parameters: ExaminationParameters) {
    const { places, settings, machine, openCli, testCall, signal } = parameters;
    const { config, problems } = readGatewayConfig(places.configFile, places.env);
    this.places = places;
    this.settings = settings;
    this.gatewayConfig = config;
    this.gatewayConfigProblems = problems;
    this.machine = machine;
    this.testCall = testCall;
    this.signal = signal;
    this.#openCli = openCli;
  }

  get gatewayUrl(): string {
    return this.settings.config.gatewayUrl ?? DEFAULT_GATEWAY;
  }

  /** Lines that have a key and are switched on. */
  get usableLines(): readonly UsableLine[] {
    return this.settings.config.lines.filter(isUsable);
  }

  /** Whether some line's caller is answered by the user's own agent: StepOne's own AI speaks on its calls. */
  get isAnyoneAnswered(): boolean {
    return this.usableLines.some(({ carrier }) => carrier !== "stepone");
  }

  /** A command of ours as it can be typed: "openclaw phone doctor --fix", or the script where the gateway has no such. */
  async ours(words: string): Promise<string> {
    if (await this.#hasPhoneCommand()) return `openclaw phone ${words}`;
    const [first = "", ...rest] = words.split(" ");
    const script = OWN_SCRIPTS.has(first) ? [`${first}.js`, ...rest] : ["phone.js", ...words.split(" ")];
    return this.script(script.join(" "));
  }

  /** A script of ours as it can be typed anywhere. */
  script(words: string): string {
    const { packageFolder } = this.places;
    const [name = "", ...rest] = words.split(" ");
    const file =
      packageFolder === undefined
        ? `dist/scripts/${name}`
        : path.join(packageFolder, "dist", "scripts", name);
    return ["node", /\s/.test(file) ? `"${file}"` : file, ...rest].join(" ");
  }

  /** The gateway's command line has our commands while it takes its config and the plugin is switched on. */
  #hasPhoneCommand(): Promise<boolean> {
    return this.#once("command", async () => {
      try {
        if ((await this.configProblem()) !== undefined) return false;
        if (await this.isPluginActive()) return true;
        return (await this.hasPlugin()) && (await this.installedPlugin())?.enabled === true;
      } catch (error) {
        if (error instanceof GatewayCommandFailed) return false;
        throw error;
      }
    });
  }

  /** What answers at the gateway's address. */
  gateway(): Promise<GatewayAnswer> {
    return this.#once("gateway", async () => {
      try {
        const answer = await fetch(new URL("/health", this.gatewayUrl), {
          signal: AbortSignal.any([this.signal, AbortSignal.timeout(HEALTH_LIMIT_MS)]),
        });
        const text = await answer.text();
        if (answer.status === 503) return "starting";
        return answer.ok && /^\s*\{.*"ok"/s.test(text) ? "up" : "other";
      } catch {
        this.signal.throwIfAborted();
        return "silent";
      }
    });
  }

  /** Whether the plugin runs in the gateway. */
  isPluginActive(): Promise<boolean> {
    return this.#once("active", async () => (await activePlugin({ url: this.gatewayUrl })) !== undefined);
  }

  /** Whether this is an install with the plugin, whether it runs or not; else the background process does its work. */
  hasPlugin(): Promise<boolean> {
    return this.#once("has", async () => {
      if (await this.isPluginActive()) return true;
      if ((await this.connector()) !== undefined) return false;
      try {
        return (await this.installedPlugin()) !== undefined;
      } catch {
        // Without the gateway's command line the config is all there is; an entry may hold a skill's settings alone.
        const entry = objectAt(this.gatewayConfig, "plugins", "entries", "switchboard");
        return entry.enabled === true || isObject(entry.hooks);
      }
    });
  }

  /** What the plugin in the running gateway says of the phone. */
  phone(): Promise<PhoneAnswer> {
    return this.#once("phone", async () => {
      try {
        return { status: await askPhoneStatus(this.settings.config) };
      } catch (error) {
        if (!(error instanceof GatewayNotReached)) throw error;
        return { reason: error.reason, message: error.message };
      }
    });
  }

  /** What the background process of a skill-only install says; undefined when none runs. */
  connector(): Promise<ConnectorStatus | undefined> {
    return this.#once("connector", async () => {
      // The folder is made by what runs, not by looking.
      if (!existsSync(switchboardFolder(this.settings.stateFolder))) return undefined;
      return await runningStatus(connectorFiles(this.settings.stateFolder));
    });
  }

  /** @throws GatewayCliMissing */
  cli(): ExaminedCli {
    return this.#openCli();
  }

  /** What the gateway finds wrong with its config; undefined when it takes it. @throws GatewayCommandFailed */
  configProblem(): Promise<string | undefined> {
    return this.#once("config", () => configProblem((commandLine) => this.ask(commandLine)));
  }

  /** The version of the gateway's command line; undefined where it is not a package of npm's. @throws GatewayCliMissing */
  cliVersion(): string | undefined {
    try {
      const file = path.join(path.dirname(this.cli().file), "package.json");
      const { name, version } = JSON.parse(readFileSync(file, "utf8")) as {
        name?: unknown;
        version?: unknown;
      };
      return name === "openclaw" && typeof version === "string" ? version : undefined;
    } catch (error) {
      if (error instanceof GatewayCommandFailed) throw error;
      return undefined;
    }
  }

  /**
   * What a command of the gateway prints.
   *
   * @throws GatewayCommandFailed
   */
  async ask(commandLine: readonly string[], timeoutMs?: number): Promise<unknown> {
    const place = this.#next++ % CLI_AT_ONCE;
    const before = this.#running[place];
    const answer = (async () => {
      await before?.catch(() => {});
      return await this.cli().run(commandLine, { timeoutMs, signal: this.signal });
    })();
    this.#running[place] = answer;
    return await answer;
  }

  /**
   * What a method of the running gateway answers.
   *
   * @throws GatewayCommandFailed
   */
  call(method: string, parameters: object): Promise<unknown> {
    const params = JSON.stringify(parameters);
    return this.#once(`call ${method} ${params}`, () =>
      this.ask(["gateway", "call", method, "--json", "--params", params]),
    );
  }

  /** The plugin as the gateway's command line finds it; undefined when it is not installed. @throws GatewayCommandFailed */
  installedPlugin(): Promise<InstalledPlugin | undefined> {
    return this.#once("inspect", async () => {
      let printed: unknown;
      try {
        printed = await this.ask(["plugins", "inspect", "switchboard", "--json"]);
      } catch (error) {
        if (error instanceof GatewayCommandFailed && /not found/i.test(error.message)) return undefined;
        throw error;
      }
      const { plugin, diagnostics } = inspected.parse(printed);
      const enabled = plugin.enabled ?? true;
      const isActive = enabled && plugin.activated !== false;
      return {
        enabled: isActive,
        status: plugin.status,
        version: plugin.version,
        complaint:
          plugin.error ??
          diagnostics.find(({ level }) => level === "error")?.message ??
          (isActive ? undefined : plugin.activationReason),
      };
    });
  }

  /** What the service says of a line's account. Its clock is noted by the way. */
  account(line: UsableLine): Promise<AccountAnswer> {
    return this.#once(`account ${line.name}`, async () => {
      try {
        const calls = await callsOf(line, this.settings.config, { fetch: this.#notingTheTime });
        return { account: await calls.account() };
      } catch (error) {
        const mayPass =
          error instanceof CarrierUnreachable || (error instanceof CarrierRefused && error.isTransient);
        return { message: messageOf(error), mayPass };
      }
    });
  }

  /** How far this machine's clock is ahead of the services', in milliseconds, one number for each that has answered. */
  async clockAhead(): Promise<readonly number[]> {
    await Promise.all(this.usableLines.map((line) => this.account(line)));
    return this.#skews;
  }

  readonly #notingTheTime: Fetch = async (url, request) => {
    const sentAt = this.machine.now();
    const answer = await fetch(url, request);
    const middle = (sentAt + this.machine.now()) / 2;
    const theirs = Date.parse(answer.headers.get("date") ?? "");
    // The header has whole seconds, cut.
    if (!Number.isNaN(theirs)) this.#skews.push(middle - (theirs + 500));
    return answer;
  };

  #once<Value>(name: string, look: () => Promise<Value>): Promise<Value> {
    const known = this.#known.get(name) as Promise<Value> | undefined;
    if (known !== undefined) return known;
    const value = look();
    // Whoever asks handles it; that nobody asks again is no reason to end the process.
    value.catch(() => {});
    this.#known.set(name, value);
    return value;
  }
}
