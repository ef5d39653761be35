/**
 * Owns the gateway that the topics of one file have one after the other: a start takes fifteen seconds of processor
 * time, other settings take one. Each topic finds it as if it had been started for it: its own settings, lines and model,
 * an empty workspace, and no session, call or text of those before. What the gateway itself keeps beside them (numbers
 * that were let in by pairing, scheduled jobs) remains: there no topic uses what another one has.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PRACTICE_CLAWCALL_KEY } from "../../plugin/practice/clawcall-server.ts";
import { PRACTICE_API_KEY } from "../../plugin/practice/clawdtalk-server.ts";
import { freePort, gatewayConfig } from "../../plugin/practice/gateway.ts";
import {
  type PhoneGateway,
  type PhoneGatewayOptions,
  phoneSettings,
  startPhoneGateway,
  untilReady,
} from "../../plugin/practice/phone-gateway.ts";
import { PRACTICE_STEPONE_KEY } from "../../plugin/practice/stepone-server.ts";

type TopicOptions = PhoneGatewayOptions & { readonly modelUrl: string };

/** Undefined as long as nothing runs. */
let standing: PhoneGateway | undefined;
let isShared = false;
/** How many topics have had one. */
let topics = 0;

/** From now on whoever takes a gateway gets the same one, one after the other. */
export function shareOneGateway(): void {
  isShared = true;
}

export function isGatewayShared(): boolean {
  return isShared;
}

export async function endSharedGateway(): Promise<void> {
  isShared = false;
  if (standing === undefined) return;
  await standing.stop();
  await remove(standing);
  standing = undefined;
}

/** A gateway: the shared one with these options, or one that is started with them. `stop` gives it back, or ends it. */
export async function takeGateway(options: TopicOptions): Promise<PhoneGateway> {
  if (!isShared) return await startPhoneGateway(options);
  if (options.stateDir !== undefined) return await startAgain(options, options.stateDir);
  const { waitForLines, config, modelUrl } = options;
  const place = standing ?? (await newPlace());
  const { stateDir } = place;
  const printedBefore = standing?.output().slice(-1_000) ?? "";
  // Lines are settings here: a gateway reads its environment once.
  const settings = { ...options.settings, lines: linesOf(options) };
  const written = gatewayConfig(stateDir, place, {
    ...options,
    pluginFolder: join(stateDir, "linked-plugin"),
    pluginConfig: phoneSettings({ ...options, settings }),
    config: {
      ...config,
      agents: config?.["agents"] ?? { entries: { main: { agentDir: newAgentDir(stateDir) } } },
    },
  });
  if (standing === undefined) {
    await writeFile(join(stateDir, "openclaw.json"), JSON.stringify(written), { mode: 0o600 });
    const { port } = place;
    const { pluginFolder, ownerNumber } = options;
    standing = await startPhoneGateway({ pluginFolder, ownerNumber, modelUrl, stateDir, port, settings });
  } else {
    await writeConfig(standing, written, true);
  }
  const gateway = standing;
  const hasLines = Object.keys(settings.lines).length > 0;
  if (hasLines && waitForLines !== false) await untilReady(gateway, options);
  return handedOut({ ...gateway, modelUrl, output: () => afterIn(gateway.output(), printedBefore) });
}

/** Starts the gateway that its topic has ended, with the settings it had. */
async function startAgain(options: TopicOptions, stateDir: string): Promise<PhoneGateway> {
  const { pluginFolder, modelUrl, waitForLines } = options;
  const { plugins } = JSON.parse(await readFile(join(stateDir, "openclaw.json"), "utf8"));
  const settings = plugins.entries.switchboard.config;
  standing = await startPhoneGateway({ pluginFolder, modelUrl, stateDir, settings });
  if (waitForLines !== false) await untilReady(standing, options);
  return handedOut(standing);
}

/** What a topic gets of the gateway that stands. */
function handedOut(seen: PhoneGateway): PhoneGateway {
  const gateway = standing ?? seen;
  return {
    ...seen,
    stop: async (how) => {
      if (how === undefined && standing === gateway) return await withoutPhone(gateway);
      standing = undefined;
      await gateway.stop(how);
      // Whoever ends it in a way of his own wants to see how it ends.
      if (how === undefined) await remove(gateway);
    },
  };
}

async function newPlace(): Promise<Pick<PhoneGateway, "stateDir" | "port" | "token">> {
  return {
    stateDir: await mkdtemp(join(tmpdir(), "switchboard-topics-")),
    port: await freePort(),
    token: randomBytes(24).toString("hex"),
  };
}

async function remove({ stateDir }: PhoneGateway): Promise<void> {
  await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
}

/** Takes the phone from the gateway, with all that it and its turns have left behind. */
async function withoutPhone(gateway: PhoneGateway): Promise<void> {
  const { stateDir } = gateway;
  const config = JSON.parse(await readFile(join(stateDir, "openclaw.json"), "utf8"));
  config.plugins.entries.switchboard.enabled = false;
  await writeConfig(gateway, config, false);
  await rm(join(stateDir, "switchboard"), { recursive: true, force: true, maxRetries: 5 });
  const workspace = join(stateDir, "workspace");
  for (const name of await readdir(workspace)) {
    await rm(join(workspace, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A folder that no agent before has had: its sessions are kept there. */
function newAgentDir(stateDir: string): string {
  topics += 1;
  return join(stateDir, "agents", `main-of-topic-${topics}`, "agent");
}

type LineSettings = Readonly<Record<string, object>>;

function linesOf({ settings, ...of }: TopicOptions): LineSettings {
  const { apiKey = PRACTICE_API_KEY, clawcallKey = PRACTICE_CLAWCALL_KEY } = of;
  const { steponeKey = PRACTICE_STEPONE_KEY } = of;
  const given = (settings?.["lines"] ?? {}) as LineSettings;
  const line = (name: string, key: string, server: string | undefined) =>
    server === undefined ? {} : { [name]: { apiKey: key, server, ...given[name] } };
  return {
    ...given,
    ...line("clawdtalk", apiKey, of.clawdtalkServer),
    ...line("clawcall", clawcallKey, of.clawcallBaseUrl),
    ...line("stepone", steponeKey, of.steponeBase),
  };
}

const TAKEN_LIMIT_MS = 30_000;

/** Writes the gateway's config and waits until its plugin is there, or gone. */
async function writeConfig(gateway: PhoneGateway, config: object, isThere: boolean): Promise<void> {
  const write = () =>
    writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify(config, null, 2), { mode: 0o600 });
  // As long as a turn is ending, the gateway refuses, and wants to be told again.
  const refusals = () => gateway.output().split("still has active retained work").length;
  let refused = refusals();
  await write();
  const deadline = Date.now() + TAKEN_LIMIT_MS;
  while ((await answersForPhone(gateway)) !== isThere) {
    if (Date.now() > deadline) {
      throw new Error(`The gateway did not take other settings: ${gateway.output().slice(-2_000)}`);
    }
    await sleep(50);
    if (refusals() > refused) {
      refused = refusals();
      await write();
    }
  }
}

async function answersForPhone({ url }: PhoneGateway): Promise<boolean> {
  const answer = await fetch(`${url}/switchboard/health`);
  await answer.body?.cancel();
  return answer.ok;
}

/** What follows this in a text that may have lost its beginning. */
function afterIn(text: string, before: string): string {
  const at = before === "" ? -1 : text.lastIndexOf(before);
  return at === -1 ? text : text.slice(at + before.length);
}
