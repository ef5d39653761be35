/**
 * Owns the phone inside the gateway: loads the config, opens the store, keeps every configured line running,
 * and answers what other processes ask about them.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { createEmbeddedAgent, openSession } from "../agent/embedded.ts";
import { phoneRuns } from "../agent/phone-runs.ts";
import { SessionTurns } from "../agent/session-turns.ts";
import { warmUp } from "../agent/warm-up.ts";
import { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import { answerText } from "../channel/inbound-text.ts";
import { sendText } from "../channel/send-text.ts";
import { type LoadedConfig, loadConfig } from "../config/loader.ts";
import type { LineConfig } from "../config/schema.ts";
import { findGateway, findPackageFolder } from "../config/state-folder.ts";
import { createRingLog, type RingLog } from "../log.ts";
import { closeStore, openStore, type Store } from "../store/database.ts";
import { wasAnswered } from "../store/inbox.ts";
import { type OwnerRoute, ownerRoute } from "../trust/owner-session.ts";
import { packageVersion } from "../version.ts";
import { createLine, type Line } from "./line.ts";

const ownFolder = dirname(fileURLToPath(import.meta.url));
/** Log lines kept for `openclaw phone logs`. */
const KEPT_LOG_LINES = 500;

/** What `GET /switchboard/status` answers. */
export interface PhoneStatus {
  readonly version: string;
  readonly lines: readonly {
    readonly name: string;
    readonly carrier: string;
    readonly state: string;
    readonly detail: string;
    readonly since: string;
    readonly counters: Readonly<Record<string, number>>;
    readonly liveCalls: number;
  }[];
  /** False until the gateway's caches are filled: a call before that waits longer for its first words. */
  readonly warm: boolean;
  /** A sentence each: what is wrong and what to do. */
  readonly problems: readonly string[];
}

export class PhoneService {
  readonly #api: OpenClawPluginApi;
  readonly #log: RingLog;
  #loaded: LoadedConfig | undefined;
  #store: Promise<Store> | undefined;
  #lines: Line[] = [];
  #warm = false;
  #problems: string[] = [];

  constructor(api: OpenClawPluginApi) {
    this.#api = api;
    const { logger } = api;
    this.#log = createRingLog(
      {
        debug: (message) => logger.debug?.(message),
        info: (message) => logger.info(message),
        warn: (message) => logger.warn(message),
        error: (message) => logger.error(message),
      },
      KEPT_LOG_LINES,
      { secrets: () => [...phoneRuns().secrets] },
    );
  }

  lines(): readonly LineConfig[] {
    return this.#config().config.lines;
  }

  async sendText(text: {
    line: string;
    to: string;
    body: string;
    mediaUrls: readonly string[];
  }): Promise<{ messageId: string }> {
    const line = this.lines().find((candidate) => candidate.name === text.line);
    if (line?.apiKey === undefined) {
      throw new Error(`Line "${text.line}" has no API key. Run: openclaw phone status`);
    }
    const sent = await sendText(
      { line: line.name, to: text.to, body: text.body, mediaUrls: text.mediaUrls, resend: false },
      { store: await this.#openStore(), rest: rest(line, line.apiKey) },
    );
    return { messageId: sent.at(-1)?.carrierMessageId ?? "" };
  }

  /** Starts every configured line. Never rejects: what is wrong is said in the log and in the status. */
  async start(): Promise<void> {
    const { config, problems } = this.#config();
    this.#problems = [...problems, ...this.#permissionProblems()];
    const phone = phoneRuns();
    for (const line of config.lines) {
      phone.lines.set(line.name, { model: line.model, ownerNumbers: config.ownerNumbers });
      if (line.apiKey !== undefined) phone.secrets.add(line.apiKey);
    }
    if (config.gatewayToken !== undefined) phone.secrets.add(config.gatewayToken);
    const ready = config.lines.filter(
      (line): line is LineConfig & { apiKey: string } => line.enabled && line.apiKey !== undefined,
    );
    if (ready.length === 0) {
      this.#problems.push("No phone line is configured. SETUP.md in the skill's folder says how.");
    }
    for (const problem of this.#problems) this.#log.warn(problem);
    if (ready.length === 0) return;
    let store: Store;
    try {
      store = await this.#openStore();
    } catch (error) {
      this.#problems.push(error instanceof Error ? error.message : String(error));
      this.#log.error(this.#problems.at(-1) ?? "");
      return;
    }
    phone.wasAnswered = (line, messageId) => wasAnswered(store, line, messageId);
    const turns = new SessionTurns();
    const agent = createEmbeddedAgent(this.#api.runtime, { turns, newId: randomUUID });
    this.#lines = ready.map((line) => {
      const owner = () => this.#owner(line);
      return createLine({
        line,
        config,
        store,
        agent,
        owner,
        thirdParties: "agent",
        answerText: (text, reply) =>
          answerText(text, {
            runtime: this.#api.runtime,
            line: line.name,
            ownerNumbers: config.ownerNumbers,
            ownerRoute: owner,
            turns,
            thinking: line.thinking,
            reply,
            log: this.#log,
          }),
        tellOwner: async (sentence) => {
          const {
            session: { agentId },
            mainSessionKey: sessionKey,
          } = owner();
          await openSession(this.#api.runtime.agent, { agentId, sessionKey }, randomUUID);
          // Durable, unlike a system event, and seen by voice turns too: the gateway hands it to the next turn.
          await this.#api.session.workflow.enqueueNextTurnInjection({
            sessionKey,
            agentId,
            text: sentence,
            placement: "prepend_context",
          });
        },
        log: this.#log,
        version: packageVersion(),
      });
    });
    for (const line of this.#lines) line.start();
    const first = ready[0];
    if (first !== undefined) {
      void warmUp(agent, this.#owner(first).session.agentId, randomUUID(), this.#log).then(() => {
        this.#warm = true;
      });
    }
  }

  /** Ends every line and closes the store. Told twice (by the hook and by the service) it ends once. */
  async stop(): Promise<void> {
    const [lines, store] = [this.#lines, this.#store];
    this.#lines = [];
    this.#store = undefined;
    phoneRuns().wasAnswered = undefined;
    await Promise.all(lines.map((line) => line.stop()));
    if (store !== undefined) await closeStore(await store);
  }

  status(): PhoneStatus {
    return {
      version: packageVersion(),
      lines: this.#lines.map((line) => ({
        name: line.name,
        carrier: "clawdtalk",
        ...line.status(),
        liveCalls: line.liveCalls(),
      })),
      warm: this.#warm,
      problems: this.#problems,
    };
  }

  /** `health` tells anybody on the machine that the plugin runs here; status and logs want the gateway's token. */
  routes(): Parameters<OpenClawPluginApi["registerHttpRoute"]>[0][] {
    return [
      { path: "/switchboard/health", auth: "plugin", handler: answerJson(() => ({ switchboard: true })) },
      { path: "/switchboard/status", auth: "gateway", handler: answerJson(() => this.status()) },
      {
        path: "/switchboard/logs",
        auth: "gateway",
        handler: answerJson(() => ({ lines: this.#log.lines() })),
      },
    ];
  }

  #owner(line: LineConfig): OwnerRoute {
    return ownerRoute(this.#api.runtime, {
      line: line.name,
      ownerNumber: this.#config().config.ownerNumbers[0],
      agentId: line.agentId,
    });
  }

  #config(): LoadedConfig {
    this.#loaded ??= loadConfig({
      env: process.env,
      ...gatewayPlace(),
      pluginEntryConfig: this.#api.pluginConfig ?? {},
      packageFolder: findPackageFolder(ownFolder),
    });
    return this.#loaded;
  }

  #openStore(): Promise<Store> {
    this.#store ??= openStore(gatewayPlace().stateFolder);
    return this.#store;
  }

  /** Without this permission the gateway leaves the conversation hooks out and says so only in its log. */
  #permissionProblems(): string[] {
    const entry = this.#api.config.plugins?.entries?.["switchboard"];
    if (entry?.hooks?.allowConversationAccess === true) return [];
    return [
      "The gateway does not let Switchboard take part in conversations, so the phone's own rules for models, prompts and stopped turns are off. Run: openclaw config set plugins.entries.switchboard.hooks.allowConversationAccess true",
    ];
  }
}

function gatewayPlace() {
  return findGateway({ env: process.env, startFolders: [ownFolder] });
}

function rest(line: LineConfig, apiKey: string): ClawdTalkRest {
  return new ClawdTalkRest({ apiUrl: line.apiUrl, apiKey, version: packageVersion() });
}

function answerJson(body: () => unknown) {
  return (_request: IncomingMessage, response: ServerResponse): boolean => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(body()));
    return true;
  };
}
