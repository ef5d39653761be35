/**
 * Owns the phone of a skill-only install: every configured line with the same carrier and call code as in the
 * plugin, and the gateway's HTTP interface as the way to the agent. Only the verified owner is served.
 */
import { randomUUID } from "node:crypto";
import { createClawCallAgent } from "../agent/clawcall-agent.ts";
import type { HttpAgent } from "../agent/http-agent.ts";
import { onlyTheOwner } from "../agent/only-the-owner.ts";
import type { AgentPort } from "../agent/port.ts";
import type { LineStatus } from "../carriers/carrier.ts";
import { plainText, TEXT_CONTEXT } from "../channel/plain-text.ts";
import type { TextToAnswer } from "../channel/text-to-answer.ts";
import { secretsOf } from "../config/redaction.ts";
import type { LineConfig, SwitchboardConfig } from "../config/schema.ts";
import { createLine, type Line } from "../lines/line.ts";
import type { Log } from "../log.ts";
import { openEngineHost } from "../missions/engine-host.ts";
import { detectLanguage } from "../speech/language.ts";
import { phrase } from "../speech/phrases.ts";
import type { Store } from "../store/database.ts";
import type { OwnerRoute } from "../trust/owner-session.ts";
import { identifyText } from "../trust/speakers.ts";
import { Notices } from "./notices.ts";

export interface ConnectorParameters {
  readonly config: SwitchboardConfig;
  readonly agent: HttpAgent;
  readonly store: Store;
  readonly stateFolder: string;
  readonly log: Log;
  readonly version: string;
}

export interface LineReport extends Omit<LineStatus, "counters"> {
  readonly name: string;
  readonly carrier: string;
  /** Calls going on now. */
  readonly liveCalls: number;
}

export interface Connector {
  start(): void;
  stop(): Promise<void>;
  lines(): LineReport[];
}

/** The polite sentence goes to a number this often in an hour: two machines could write to each other for ever. */
const REFUSALS_AN_HOUR = 3;
const HOUR_MS = 60 * 60_000;

export function createConnector(parameters: ConnectorParameters): Connector {
  const { config, store, log, version } = parameters;
  const notices = new Notices(parameters.agent);
  const agent: AgentPort = notices;
  const refusals = new Map<string, number[]>();
  const usable = config.lines.filter(
    (line): line is LineConfig & { apiKey: string } => line.enabled && line.apiKey !== undefined,
  );
  const lines: { line: Line; carrier: string }[] = usable.map((line) => ({
    carrier: line.carrier,
    line: createLine({
      line,
      config,
      store,
      agent: agentOf(line),
      owner: () => ownerRoute(line),
      thirdParties: "refuse",
      answerText: (text, reply) => answerText(line, text, reply),
      tellOwner: (sentence) => tellOwner(line, sentence),
      tellOfCall: async ({ sentence }) => {
        await tellOwner(line, sentence);
        return { told: Promise.resolve(), takeBack: () => {} };
      },
      onMissionNews: (news) => void host?.news(news),
      log,
      version,
    }),
  }));

  /** No agent decides here: every way over HTTP has the owner's tools. */
  const host = usable.some(({ carrier }) => carrier === "clawdtalk")
    ? openEngineHost({
        stateFolder: parameters.stateFolder,
        store,
        config,
        agent: undefined,
        tell: async ({ sentence }, name) => {
          const line = usable.find((each) => each.name === name) ?? usable[0];
          if (line !== undefined) await tellOwner(line, sentence);
          return { told: Promise.resolve(), takeBack: () => {} };
        },
        log,
      })
    : undefined;

  /** Never to be texted to anybody. */
  const secrets = secretsOf(config);

  /** The owner's turns may go to an agent of theirs; nobody else's turns run without the plugin. */
  function agentOf(line: LineConfig): AgentPort {
    const url = line.carrier === "clawcall" ? line.agentUrl : undefined;
    return url === undefined ? agent : onlyTheOwner(createClawCallAgent({ url }));
  }

  /** The main session, whatever `session.scope` and `session.dmScope` say: it is where every channel can find it. */
  function ownerRoute(line: LineConfig): OwnerRoute {
    const agentId = line.agentId ?? parameters.agent.defaultAgentId;
    const mainSessionKey = `agent:${agentId}:main`;
    return { session: { tier: "owner", agentId, sessionKey: mainSessionKey }, mainSessionKey };
  }

  async function answerText(
    line: LineConfig,
    text: TextToAnswer,
    reply: (text: string) => Promise<void>,
  ): Promise<"answered" | "refused"> {
    if (identifyText(text.from, { line, ownerNumbers: config.ownerNumbers }) !== "owner") {
      await refuse(text, reply);
      return "refused";
    }
    const answer = await agent.run(
      {
        session: ownerRoute(line).session,
        line: line.name,
        words: text.body,
        callId: `text-${text.messageId}`,
        runId: randomUUID(),
        voiceContext: TEXT_CONTEXT,
        timeoutMs: line.turnTimeoutMs,
        ...(line.model === undefined ? {} : { model: line.model }),
        ...(line.thinking === undefined ? {} : { thinking: line.thinking }),
      },
      { onStarted() {}, onText() {}, onMessageEnd() {}, onTool() {} },
      AbortSignal.timeout(line.turnTimeoutMs),
    );
    if (answer.kind !== "answered") {
      throw new Error(answer.kind === "failed" ? answer.reason : "The agent took too long.");
    }
    const words = plainText(answer.text, secrets);
    if (words !== "") await reply(words);
    return "answered";
  }

  async function refuse({ from, body }: TextToAnswer, reply: (text: string) => Promise<void>): Promise<void> {
    const now = Date.now();
    const recent = (refusals.get(from) ?? []).filter((atMs) => now - atMs < HOUR_MS);
    if (recent.length >= REFUSALS_AN_HOUR) {
      log.info(`A text from ${from}, who is not the owner, was not answered: that number keeps writing.`);
      return;
    }
    refusals.set(from, [...recent, now]);
    log.info(`A text from ${from}, who is not the owner, got a polite refusal.`);
    await reply(phrase("unverified", detectLanguage(body, "en")));
  }

  async function tellOwner(line: LineConfig, sentence: string): Promise<void> {
    log.info(`For the owner: ${sentence}`);
    const { session, mainSessionKey } = ownerRoute(line);
    notices.leave(mainSessionKey, sentence);
    const notice = { agentId: session.agentId, sessionKey: mainSessionKey, sentence };
    if (!(await parameters.agent.notify(notice))) {
      log.debug(
        "The agent hears that with the owner's next words by phone only: sessions_send is not allowed.",
      );
    }
  }

  return {
    start: () => {
      for (const { line } of lines) line.start();
      host?.start();
    },
    stop: async () => {
      await Promise.all([host?.stop(), ...lines.map(({ line }) => line.stop())]);
    },
    lines: () =>
      lines.map(({ line, carrier }) => {
        const { state, detail, problem, since } = line.status();
        const said = problem === undefined ? detail : `${detail} ${problem}`;
        return { name: line.name, carrier, state, detail: said, since, liveCalls: line.liveCalls() };
      }),
  };
}
