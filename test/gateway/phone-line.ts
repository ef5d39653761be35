/** Owns what the gateway tests share: the practice line, the scripted model and a real gateway between them. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ClawdTalkOptions,
  type ClawdTalkPractice,
  startClawdTalkPractice,
} from "../../plugin/practice/clawdtalk-server.ts";
import {
  type ModelOptions,
  type ModelRequest,
  type PracticeModel,
  startPracticeModel,
} from "../../plugin/practice/model.ts";
import type { PhoneGateway, PhoneGatewayOptions } from "../../plugin/practice/phone-gateway.ts";
import { isGatewayShared, takeGateway } from "./one-gateway.ts";

export const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
export const OWNER = "+15550001111";
export const STRANGER = "+15550002222";

/** The practice line is ClawdTalk's unless another is named. */
export interface PhoneLine<Server = ClawdTalkPractice> {
  readonly server: Server;
  readonly model: PracticeModel;
  gateway: PhoneGateway;
  /** Ends the gateway and starts another one on the same state folder. */
  restart(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  close(): Promise<void>;
}

export interface LineOptions extends Partial<PhoneGatewayOptions> {
  readonly model?: ModelOptions;
  /** Written into the agent's workspace before the gateway starts. */
  readonly workspace?: Readonly<Record<string, string>>;
}

/** Starts all three. */
export async function startPhoneLine(
  options: LineOptions & { readonly server?: ClawdTalkOptions } = {},
): Promise<PhoneLine> {
  const { server: serverOptions, ...lineOptions } = options;
  const server = await startClawdTalkPractice({
    ownerNumber: OWNER,
    dedicatedNumber: "+15550003333",
    ...serverOptions,
  });
  return startLineOn(server, { clawdtalkServer: server.url, ...lineOptions });
}

/**
 * Starts the model and the gateway on a practice line, which is closed with them. A secret word stands in the
 * owner's USER.md, so that a test can look for it in prompts.
 */
export async function startLineOn<Server extends { close(): Promise<void> }>(
  server: Server,
  { model: modelOptions, workspace, ...gatewayOptions }: LineOptions,
): Promise<PhoneLine<Server>> {
  const model = await startPracticeModel({ firstTokenMs: 50, perWordMs: 5, ...modelOptions });
  let isRestarted = false;
  const start = (stateDir?: string) =>
    takeGateway({
      pluginFolder: packageFolder,
      ownerNumber: OWNER,
      ...gatewayOptions,
      modelUrl: model.url,
      settings: { toolRules: UNASKED, ...gatewayOptions.settings },
      ...(stateDir === undefined ? {} : { stateDir }),
    });
  const line: PhoneLine<Server> = {
    server,
    model,
    gateway: await start().catch(async (error: unknown) => {
      await Promise.all([server.close(), model.close()]);
      throw error;
    }),
    restart: async (signal = "SIGTERM") => {
      const { stateDir } = line.gateway;
      isRestarted = true;
      await line.gateway.stop({ keepState: true, signal });
      line.gateway = await start(stateDir);
    },
    close: async () => {
      await line.gateway.stop();
      await Promise.all([server.close(), model.close()]);
      // A gateway that was started again takes its folder for somebody else's and leaves it.
      if (isRestarted && !isGatewayShared() && gatewayOptions.stateDir === undefined) {
        await rm(line.gateway.stateDir, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
  const folder = join(line.gateway.stateDir, "workspace");
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries({
    "USER.md": `The owner's secret word is ${SECRET_WORD}.\n`,
    ...workspace,
  })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return line;
}

/** Tools that most tests have done without asking anybody: the gate before them has tests of its own. */
const UNASKED = { exec: "allow", message: "allow", phone_call: "allow" };

/** Stands in the owner's USER.md. Never in a stranger's or guest's prompt. */
export const SECRET_WORD = "heliotrope";

/** Everything the model was sent, as one text. */
export function promptOf(request: ModelRequest | undefined): string {
  return JSON.stringify(request?.messages ?? []);
}

/** The model's requests whose words contain this text. */
export function requestsAbout(model: PracticeModel, text: string): ModelRequest[] {
  return model.requests.filter((request) => request.lastUserText.includes(text));
}

/** Says something in the owner's main session beside the phone, where the gateway has `chatCompletions` switched on. */
export async function askInChat({ url, token }: PhoneGateway, words: string): Promise<Response> {
  return await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "x-openclaw-session-key": "agent:main:main",
    },
    body: JSON.stringify({ model: "openclaw/main", messages: [{ role: "user", content: words }] }),
  });
}
