/** What the doctor's tests look at: a state folder of its own, a gateway's HTTP and command line that answer as told. */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { GatewayCliMissing, GatewayCommandFailed } from "../../plugin/briefings/gateway-cli.ts";
import { loadConfig } from "../../plugin/config/loader.ts";
import type { Finding } from "../../plugin/doctor/check.ts";
import { allChecks } from "../../plugin/doctor/checks.ts";
import { Examination, type ExaminationParameters } from "../../plugin/doctor/examination.ts";
import { runChecks } from "../../plugin/doctor/run-checks.ts";
import type { PhoneStatus } from "../../plugin/lines/service.ts";

type Answer = { readonly status?: number; readonly body: unknown };

/** Answers as a gateway does: what is not told is a 404. */
export class ToldGateway {
  readonly url: string;
  readonly routes: Record<string, Answer> = { "/health": { body: { ok: true, status: "live" } } };
  /** The token it wants. */
  token: string | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      request.resume();
      const given = request.headers.authorization === `Bearer ${this.token}`;
      const isOpen = ["/health", "/switchboard/health"].includes(request.url ?? "");
      const answer =
        this.token === undefined || given || isOpen
          ? (this.routes[request.url ?? ""] ?? { status: 404, body: {} })
          : { status: 401, body: {} };
      response.writeHead(answer.status ?? 200, { "content-type": "application/json", connection: "close" });
      response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
    });
  }

  static async start(): Promise<ToldGateway> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new ToldGateway(server);
  }

  /** The plugin runs in it and says this of the phone. */
  runsPlugin(status: Partial<PhoneStatus> = {}): void {
    this.routes["/switchboard/health"] = { body: { switchboard: true, speaksToOthers: true } };
    this.routes["/switchboard/status"] = { body: { ...HEALTHY, ...status } };
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const HEALTHY: PhoneStatus = {
  version: "0.1.0",
  lines: [],
  warm: true,
  problems: [],
  gatewayVersion: "2026.9.6",
  mayTakePart: true,
  hooksCalled: { before_agent_run: 1, before_prompt_build: 1 },
};

/** A line as the plugin's status has it. */
export function runningLine(line: Partial<PhoneStatus["lines"][number]> = {}): PhoneStatus["lines"][number] {
  return {
    name: "clawdtalk",
    carrier: "clawdtalk",
    state: "connected",
    detail: "Connected.",
    since: "2030-01-01T08:00:00.000Z",
    counters: {},
    liveCalls: 0,
    ownerSession: "agent:main:main",
    ...line,
  };
}

/** What the gateway's command line prints, by how the command begins; an error is thrown. */
export type ToldCommands = Readonly<Record<string, unknown>>;

/** A state folder, and the doctor's look at it. */
export class Examined {
  readonly stateFolder = mkdtempSync(path.join(tmpdir(), "switchboard-doctor-"));
  env: Record<string, string> = {};
  commands: ToldCommands | undefined;
  /** What was asked of the command line. */
  readonly asked: string[] = [];
  more: Partial<Pick<ExaminationParameters, "machine" | "testCall" | "signal">> = {};

  get configFile(): string {
    return path.join(this.stateFolder, "openclaw.json");
  }

  /** Writes a file into the state folder, for its owner alone. */
  write(name: string, content: string | object): string {
    const file = path.join(this.stateFolder, name);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
    return file;
  }

  places() {
    return {
      // Nobody listens there.
      env: { OPENCLAW_GATEWAY_URL: "http://127.0.0.1:9", HOME: this.stateFolder, ...this.env },
      stateFolder: this.stateFolder,
      configFile: this.configFile,
    };
  }

  examination(): Examination {
    const places = this.places();
    return new Examination({
      places,
      settings: { ...loadConfig(places), stateFolder: this.stateFolder },
      machine: {
        nodeVersion: "24.21.0",
        platform: process.platform,
        userId: process.getuid?.(),
        now: Date.now,
      },
      openCli: () => {
        const { commands } = this;
        if (commands === undefined) throw new GatewayCliMissing("It is not there.");
        const run = async (commandLine: readonly string[]) => {
          const asked = commandLine.join(" ");
          this.asked.push(asked);
          const name = Object.keys(commands).find((beginning) => asked.startsWith(beginning));
          const answer = name === undefined ? new GatewayCommandFailed(`"${asked}" failed.`) : commands[name];
          if (answer instanceof Error) throw answer;
          return answer;
        };
        return {
          file: path.join(this.stateFolder, "openclaw.mjs"),
          run,
          runPlain: async (commandLine: readonly string[]) => void (await run(commandLine)),
        };
      },
      signal: new AbortController().signal,
      ...this.more,
    });
  }

  /** What one check finds. */
  async look(id: string, examination = this.examination()): Promise<readonly Finding[]> {
    const check = allChecks.find((candidate) => candidate.id === id);
    if (check === undefined) throw new Error(`There is no check "${id}".`);
    const [looked] = await runChecks([check], examination);
    return looked?.findings ?? [];
  }

  /** The same in short: "problem: No gateway answers …". */
  async found(id: string): Promise<string[]> {
    return (await this.look(id)).map(({ level, found }) => `${level}: ${found}`);
  }

  remove(): void {
    rmSync(this.stateFolder, { recursive: true });
  }
}
