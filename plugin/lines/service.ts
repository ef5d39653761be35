/**
 * Owns the phone inside the gateway: loads the config, opens the store, keeps every configured line running,
 * and answers what other processes ask about them.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";
import { parseAgentSessionKey } from "openclaw/plugin-sdk/routing";
import { z } from "zod";
import { createClawCallAgent, ownerElsewhere } from "../agent/clawcall-agent.ts";
import { createEmbeddedAgent, openSession } from "../agent/embedded.ts";
import { leaveNotice } from "../agent/owner-notices.ts";
import { phoneRuns } from "../agent/phone-runs.ts";
import type { AgentPort } from "../agent/port.ts";
import { SessionTurns } from "../agent/session-turns.ts";
import { warmUp } from "../agent/warm-up.ts";
import { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import { answerText } from "../channel/inbound-text.ts";
import { sendText } from "../channel/send-text.ts";
import { isUsable, type UsableLine } from "../config/choose-line.ts";
import { type LoadedConfig, loadConfig } from "../config/loader.ts";
import { secretsOf } from "../config/redaction.ts";
import { carriers, type LineConfig, type SwitchboardConfig } from "../config/schema.ts";
import { findGateway, findPackageFolder } from "../config/state-folder.ts";
import { jsonIn } from "../json-text.ts";
import { createRingLog, messageOf, type RingLog } from "../log.ts";
import { closeStore, openStore, type Store } from "../store/database.ts";
import { wasAnswered } from "../store/inbox.ts";
import { whyNotAudited } from "../trust/audit.ts";
import { lastCheck } from "../trust/last-check.ts";
import { callersInWords } from "../trust/line-trust.ts";
import { type OwnerRoute, ownerRoute } from "../trust/owner-session.ts";
import { packageVersion } from "../version.ts";
import type { CallNotice, HandedOver } from "./call-reports.ts";
import { createLine, type Line } from "./line.ts";
import { type TestCallAnswer, takeTestCall, testCallRequest } from "./test-call-line.ts";

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
    /** What is wrong although the line is connected. */
    readonly problem?: string;
    readonly since: string;
    readonly counters: Readonly<Record<string, number>>;
    readonly liveCalls: number;
    /** What those who call in count as: "callers are turned away"; missing where nobody calls in. */
    readonly callers?: string;
    /** The key of the session the owner speaks in on this line; missing where `noAgent` says why. */
    readonly ownerSession?: string;
    /** Why the gateway does not know which agent answers on this line, in its words. */
    readonly noAgent?: string;
  }[];
  /** False until the gateway's caches are filled: a call before that waits longer for its first words. */
  readonly warm: boolean;
  /** A sentence each: what is wrong and what to do. */
  readonly problems: readonly string[];
  /** The gateway's own version. */
  readonly gatewayVersion: string;
  /** Whether the owner lets the plugin take part in conversations: without it the gateway leaves hooks out. */
  readonly mayTakePart: boolean;
  /** How often the gateway has called each hook of ours since the plugin was loaded. */
  readonly hooksCalled: Readonly<Record<string, number>>;
}

export class PhoneService {
  readonly #api: OpenClawPluginApi;
  readonly #log: RingLog;
  #loaded: LoadedConfig | undefined;
  #store: Promise<Store> | undefined;
  #prepared: Promise<Store | undefined> | undefined;
  readonly #running = new Set<Line>();
  readonly #turns = new SessionTurns();
  #wasAnswered: ((line: string, messageId: string) => Promise<boolean>) | undefined;
  #isWarmingUp = false;
  #warm = false;
  #problems: string[] = [];
  readonly #notStarted = {
    state: "starting",
    detail: "Waiting for the gateway to start the phone channel. See: openclaw channels status",
    since: new Date().toISOString(),
    counters: {},
  };

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

  settings(): { readonly config: SwitchboardConfig; readonly stateFolder: string } {
    return { config: this.#config().config, stateFolder: gatewayPlace().stateFolder };
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
    if (line.carrier !== "clawdtalk") {
      throw new Error(
        `The line "${line.name}" cannot send texts: ${carriers[line.carrier].title} has none. Name a ClawdTalk line as the account.`,
      );
    }
    const sent = await sendText(
      { line: line.name, to: text.to, body: text.body, mediaUrls: text.mediaUrls, resend: false },
      { store: await this.#openStore(), rest: rest(line, line.apiKey), config: this.#config().config },
    );
    return { messageId: sent.at(-1)?.carrierMessageId ?? "" };
  }

  /** Says what is wrong, and makes ready what all lines share. Never rejects. */
  async start(): Promise<void> {
    await this.#prepare();
  }

  /**
   * Runs one line until the signal is aborted. Called by the gateway's channel manager, and only by it: whatever
   * a service starts while the gateway reloads plugins counts as part of that reload, and the gateway takes no
   * agent turn from it any more once the reload is over ("Gateway is draining").
   */
  async runLine(name: string, signal: AbortSignal): Promise<void> {
    const store = await this.#prepare();
    const settings = readyLines(this.#config().config).find((line) => line.name === name);
    if (signal.aborted) return;
    if (store === undefined || settings === undefined) {
      await once(signal, "abort");
      return;
    }
    const embedded = createEmbeddedAgent(this.#api.runtime, { turns: this.#turns, newId: randomUUID });
    const agentUrl = settings.carrier === "clawcall" ? settings.agentUrl : undefined;
    const agent =
      agentUrl === undefined ? embedded : ownerElsewhere(createClawCallAgent({ url: agentUrl }), embedded);
    const line = this.#makeLine(settings, store, agent);
    this.#running.add(line);
    line.start();
    this.#warmUp(settings, embedded);
    await once(signal, "abort");
    if (this.#running.delete(line)) await line.stop();
  }

  /** Ends every line and closes the store. Told twice (by the hook and by the service) it ends once. */
  async stop(): Promise<void> {
    const [lines, store] = [[...this.#running], this.#store];
    this.#running.clear();
    this.#prepared = undefined;
    this.#store = undefined;
    // After a reload, the next registration's may stand there already.
    if (phoneRuns().wasAnswered === this.#wasAnswered) phoneRuns().wasAnswered = undefined;
    await Promise.all(lines.map((line) => line.stop()));
    if (store !== undefined) await closeStore(await store);
  }

  status(): PhoneStatus {
    return {
      version: packageVersion(),
      lines: readyLines(this.#config().config).map((settings) => {
        const { name, carrier } = settings;
        const line = [...this.#running].find((candidate) => candidate.name === name);
        const callers = callersInWords(settings);
        return {
          name,
          carrier,
          ...(line?.status() ?? this.#notStarted),
          liveCalls: line?.liveCalls() ?? 0,
          ...(callers === undefined ? {} : { callers }),
          ...this.#ownerSession(settings),
        };
      }),
      warm: this.#warm,
      problems: this.#problems,
      gatewayVersion: this.#api.runtime.version,
      mayTakePart: this.#mayTakePart(),
      hooksCalled: Object.fromEntries(phoneRuns().hooksCalled),
    };
  }

  /** With several agents and no binding for the line the gateway refuses to choose one. */
  #ownerSession(line: LineConfig): { readonly ownerSession: string } | { readonly noAgent: string } {
    try {
      return { ownerSession: this.#owner(line).session.sessionKey };
    } catch (error) {
      return { noAgent: messageOf(error) };
    }
  }

  #prepare(): Promise<Store | undefined> {
    this.#prepared ??= this.#openForLines();
    return this.#prepared;
  }

  /** Resolves to the store; to undefined when there is no line to run, or the store cannot be opened. */
  async #openForLines(): Promise<Store | undefined> {
    const { config, problems } = this.#config();
    this.#problems = [...problems, ...this.#permissionProblems()];
    const phone = phoneRuns();
    phone.names = { ownerName: config.ownerName, agentName: config.agentName };
    for (const line of config.lines) {
      phone.lines.set(line.name, { model: line.model, ownerNumbers: config.ownerNumbers });
    }
    for (const secret of secretsOf(config)) phone.secrets.add(secret);
    const ready = readyLines(config);
    if (config.ownerNumbers.length === 0 && ready.some(({ carrier }) => carrier === "clawcall")) {
      this.#problems.push(
        'Nobody who calls a ClawCall line is recognised as you: set "ownerNumbers", or CLAWCALL_OWNER_NUMBER, to your phone number with its country code, such as +15551234567.',
      );
    }
    const notAudited = ready.length === 0 ? undefined : whyNotAudited(this.#api.config);
    if (notAudited !== undefined) this.#problems.push(notAudited);
    if (ready.length === 0) {
      this.#problems.push(
        "No phone line is configured. Run: openclaw phone setup (SETUP.md in the skill's folder has the details)",
      );
    }
    for (const problem of this.#problems) this.#log.warn(problem);
    if (ready.length === 0) return undefined;
    let store: Store;
    try {
      store = await this.#openStore();
    } catch (error) {
      this.#problems.push(messageOf(error));
      this.#log.error(this.#problems.at(-1) ?? "");
      return undefined;
    }
    this.#wasAnswered = (line, messageId) => wasAnswered(store, line, messageId);
    phone.wasAnswered = this.#wasAnswered;
    return store;
  }

  #makeLine(line: UsableLine, store: Store, agent: AgentPort): Line {
    const { config } = this.#config();
    const owner = () => this.#owner(line);
    const data = { secrets: secretsOf(config), ownerNumbers: config.ownerNumbers, allowed: "" };
    const checks = new Map<string, (text: string) => string>();
    return createLine({
      line,
      config,
      store,
      agent,
      owner,
      // Without the hooks nothing of ours stands between the gateway's own turns and a stranger's session.
      thirdParties: this.#mayTakePart() ? "agent" : "refuse",
      answerText: (text, reply) =>
        answerText(text, {
          runtime: this.#api.runtime,
          line,
          ownerNumbers: config.ownerNumbers,
          ownerRoute: owner,
          turns: this.#turns,
          thinking: line.thinking,
          guests: this.#mayTakePart() ? "agent" : "refuse",
          guestTools: config.guestTools,
          reply,
          lastCheck: (number) => {
            const check = checks.get(number) ?? lastCheck(data);
            checks.set(number, check);
            return check;
          },
          log: this.#log,
        }),
      tellOwner: (sentence) => this.#tellOwner(line, sentence),
      tellOfCall: (notice) => this.#tellOfCall(line, notice),
      onSchedules: (schedules) => phoneRuns().carrierSchedules.set(line.name, schedules),
      log: this.#log,
      version: packageVersion(),
    });
  }

  async #tellOwner(line: LineConfig, sentence: string): Promise<void> {
    // Where the owner speaks is another session under a per-peer `dmScope`.
    for (const to of this.#ownersSessions(line)) await this.#inject(to, sentence);
  }

  /**
   * Tells the session that asked for a call, else the one the owner speaks in, until a turn of it has had it; the others
   * of the owner's once. Who asked hears of it now, not when they speak next: one turn, answered where they spoke last.
   */
  async #tellOfCall(line: LineConfig, { sentence, callId, askedIn, isOld }: CallNotice): Promise<HandedOver> {
    const { session } = this.#owner(line);
    const asking = askedIn === undefined ? undefined : this.#knownSession(askedIn, session.agentId);
    const first = asking?.sessionKey ?? session.sessionKey;
    const isConfirmed = this.#mayTakePart();
    for (const to of this.#ownersSessions(line)) {
      // What the process before this one handed over waits there, or was taken.
      if (isConfirmed && (isOld || to.sessionKey === first)) continue;
      await this.#inject(to, sentence, callId);
    }
    // Without the hooks nobody can tell whether a turn had it.
    if (!isConfirmed) return { told: Promise.resolve(), takeBack: () => {} };
    let woken = 0;
    const wake = () => {
      woken += 1;
      if (asking === undefined || woken > MOST_WAKES) return;
      // Of the ways to wake a session, this one reaches agents without heartbeats, at any hour, and waits for no interval.
      this.#api.runtime.system.requestHeartbeat({
        ...asking,
        source: "background-task",
        intent: "immediate",
        reason: "A phone call that was asked for in this session is over.",
        heartbeat: { target: "last" },
      });
    };
    const { promise: told, resolve } = Promise.withResolvers<void>();
    let again: NodeJS.Timeout | undefined;
    const takeBack = leaveNotice(first, callId, {
      text: asking === undefined ? sentence : `${sentence} ${PASS_ON}`,
      onTold: () => {
        clearTimeout(again);
        resolve();
      },
      // The gateway itself asks a model that failed once more, and whoever broke a turn off is being answered.
      onLost: () => {
        clearTimeout(again);
        again = setTimeout(wake, WAKE_AGAIN_MS).unref();
      },
    });
    wake();
    return {
      told,
      takeBack: () => {
        clearTimeout(again);
        takeBack();
      },
    };
  }

  #ownersSessions(line: LineConfig): { agentId: string; sessionKey: string }[] {
    const { session, mainSessionKey } = this.#owner(line);
    const { agentId } = session;
    return [...new Set([mainSessionKey, session.sessionKey])].map((sessionKey) => ({ agentId, sessionKey }));
  }

  /** Durable, unlike a system event, and seen by voice turns too: the gateway hands it to the session's next turn. */
  async #inject(to: { agentId: string; sessionKey: string }, text: string, about?: string): Promise<void> {
    await openSession(this.#api.runtime.agent, to, randomUUID);
    const { enqueued } = await this.#api.session.workflow.enqueueNextTurnInjection({
      ...to,
      text,
      placement: "prepend_context",
      ...(about === undefined ? {} : { idempotencyKey: `call:${about}` }),
    });
    // One about the same call that waits already is as good.
    if (!enqueued && about === undefined) {
      throw new Error(`too much waits for the next words in ${to.sessionKey} already`);
    }
  }

  /** The session of that key with its agent; undefined when it is not there any more. */
  #knownSession(
    sessionKey: string,
    ownersAgent: string,
  ): { agentId: string; sessionKey: string } | undefined {
    // A subagent's work is over when its turn is: its events go to the session that began it.
    if (sessionKey.includes(":subagent:")) return undefined;
    const agentId = parseAgentSessionKey(sessionKey)?.agentId ?? ownersAgent;
    const known = this.#api.runtime.agent.session.getSessionEntry({ agentId, sessionKey });
    return known === undefined ? undefined : { agentId, sessionKey };
  }

  /** Once, with the first line. */
  #warmUp(line: LineConfig, agent: AgentPort): void {
    if (this.#isWarmingUp) return;
    const nobodyIsAnswered = readyLines(this.#config().config).every(({ carrier }) => carrier === "stepone");
    // Without the hooks nothing would stop the run before the model: the first caller waits instead.
    if (nobodyIsAnswered || !this.#mayTakePart()) {
      this.#warm = true;
      return;
    }
    this.#isWarmingUp = true;
    void warmUp(agent, this.#owner(line).session.agentId, randomUUID(), this.#log).then(() => {
      this.#warm = true;
    });
  }

  /** `health` tells anybody on the machine that the plugin runs here; status and logs want the gateway's token. */
  routes(): Parameters<OpenClawPluginApi["registerHttpRoute"]>[0][] {
    return [
      {
        path: "/switchboard/health",
        auth: "plugin",
        handler: answerJson(() => ({ switchboard: true, speaksToOthers: this.#mayTakePart() })),
      },
      { path: "/switchboard/status", auth: "gateway", handler: answerJson(() => this.status()) },
      {
        path: "/switchboard/logs",
        auth: "gateway",
        handler: answerJson(() => ({ lines: this.#log.lines() })),
      },
      { path: "/switchboard/announce", auth: "gateway", handler: answerJson((body) => this.#announce(body)) },
      {
        path: "/switchboard/test-call",
        auth: "gateway",
        handler: answerJson((body, signal) => this.#takeTestCall(body, signal)),
      },
    ];
  }

  /** Another process rings from a practice line of its own; the answer comes when that call is over. */
  async #takeTestCall(body: unknown, signal: AbortSignal): Promise<TestCallAnswer> {
    const asked = testCallRequest.safeParse(body);
    if (!asked.success) return { ok: false, problem: "The test call has no practice line on this machine." };
    const { config } = this.#config();
    const like = readyLines(config).find(({ carrier }) => carrier !== "stepone");
    const agent = createEmbeddedAgent(this.#api.runtime, { turns: this.#turns, newId: randomUUID });
    const { session } = ownerRoute(this.#api.runtime, {
      line: like?.name ?? "test-call",
      ownerNumber: config.ownerNumbers[0],
      agentId: like?.agentId ?? config.agentId,
    });
    // Where no line has filled the gateway's caches, the call would measure that.
    if (!this.#warm && this.#mayTakePart()) {
      await warmUp(agent, session.agentId, randomUUID(), this.#log);
      this.#warm = true;
    }
    return await takeTestCall(
      asked.data,
      {
        api: this.#api,
        config,
        like,
        agentId: session.agentId,
        agent,
        version: packageVersion(),
        log: this.#log,
      },
      signal,
    );
  }

  /** Another process is about to call the owner: their session knows it before the phone rings. */
  async #announce(body: unknown): Promise<{ told: boolean }> {
    const call = announcedCall.safeParse(body);
    const line = call.success ? this.lines().find(({ name }) => name === call.data.line) : undefined;
    if (!call.success || line === undefined) return { told: false };
    const { greeting, purpose } = call.data;
    try {
      await this.#tellOwner(
        line,
        `You are calling your owner's phone now. The call begins with you saying: ${JSON.stringify(greeting)}${purpose === undefined ? "" : ` Its purpose: ${JSON.stringify(purpose)}`}`,
      );
      return { told: true };
    } catch (error) {
      this.#log.warn(`The owner's session could not be told of a call: ${messageOf(error)}`);
      return { told: false };
    }
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
    this.#store ??= openStore(gatewayPlace().stateFolder).catch((error: unknown) => {
      // What kept it from opening may be gone next time.
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  /** Whether the owner granted the conversation hooks. */
  #mayTakePart(): boolean {
    return this.#api.config.plugins?.entries?.switchboard?.hooks?.allowConversationAccess === true;
  }

  /** Without this permission the gateway leaves the conversation hooks out and says so only in its log. */
  #permissionProblems(): string[] {
    if (this.#mayTakePart()) return [];
    return [
      "The gateway does not let Switchboard take part in conversations, so only you are served: other people's texts and calls are turned away, and the phone's own rules for models, prompts and stopped turns are off. Run: openclaw config set plugins.entries.switchboard.hooks.allowConversationAccess true",
    ];
  }
}

/** How often a session is woken for one call; then its next words bring the news. */
const MOST_WAKES = 3;
const WAKE_AGAIN_MS = 20_000;

/** For the session that asked for a call. */
const PASS_ON =
  "You placed this call from this conversation: tell whoever asked for it what came of it, in a sentence or two, now.";

function readyLines({ lines }: SwitchboardConfig): UsableLine[] {
  return lines.filter(isUsable);
}

function gatewayPlace() {
  return findGateway({ env: process.env, startFolders: [ownFolder] });
}

function rest(line: LineConfig, apiKey: string): ClawdTalkRest {
  return new ClawdTalkRest({ apiUrl: line.apiUrl, apiKey, version: packageVersion() });
}

/** @see AnnouncedCall */
const announcedCall = z.object({
  line: z.string(),
  greeting: z.string().max(10_000),
  purpose: z.string().max(10_000).optional(),
});

/** Longer requests are not ours. */
const REQUEST_LIMIT = 100_000;

/** @param answer its signal is aborted when whoever asked has gone. */
function answerJson(answer: (body: unknown, signal: AbortSignal) => unknown) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const asked = request.method === "POST" ? await readJson(request) : undefined;
    const answered = await answer(asked, gone.signal);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answered));
    return true;
  };
}

/** Undefined when it is no JSON, or too long. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  let body = "";
  request.setEncoding("utf8");
  for await (const piece of request) {
    body += piece;
    if (body.length > REQUEST_LIMIT) return undefined;
  }
  return jsonIn(body);
}
