/** Owns what the ClawCall tests on the gateway share: ClawCall's practice server, the scripted model, a real gateway. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type ClawCallOptions,
  type ClawCallPractice,
  startClawCallPractice,
} from "../../plugin/practice/clawcall-server.ts";
import { type ModelOptions, type PracticeModel, startPracticeModel } from "../../plugin/practice/model.ts";
import {
  type PhoneGateway,
  type PhoneGatewayOptions,
  startPhoneGateway,
} from "../../plugin/practice/phone-gateway.ts";
import { OWNER, packageFolder, SECRET_WORD } from "./phone-line.ts";

/** The agent's own number: anybody can dial it. */
export const DEDICATED = "+15550003333";

export interface ClawCallLine {
  readonly server: ClawCallPractice;
  readonly model: PracticeModel;
  gateway: PhoneGateway;
  /** Ends the gateway and starts another one on the same state folder. */
  restart(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  close(): Promise<void>;
}

export async function startClawCallLine(
  options: Partial<PhoneGatewayOptions> & {
    readonly model?: ModelOptions;
    readonly server?: ClawCallOptions;
    /** What the account has before the gateway starts. */
    readonly beforeGateway?: (server: ClawCallPractice) => Promise<void>;
  } = {},
): Promise<ClawCallLine> {
  const { model: modelOptions, server: serverOptions, beforeGateway, ...gatewayOptions } = options;
  const server = await startClawCallPractice({
    ownerNumber: OWNER,
    dedicatedNumber: DEDICATED,
    tier: "pro",
    ...serverOptions,
  });
  await beforeGateway?.(server);
  const model = await startPracticeModel({ firstTokenMs: 50, perWordMs: 5, ...modelOptions });
  const start = (stateDir?: string) =>
    startPhoneGateway({
      pluginFolder: packageFolder,
      modelUrl: model.url,
      clawcallBaseUrl: server.url,
      ownerNumber: OWNER,
      ...gatewayOptions,
      ...(stateDir === undefined ? {} : { stateDir }),
    });
  const line: ClawCallLine = {
    server,
    model,
    gateway: await start().catch(async (error: unknown) => {
      await Promise.all([server.close(), model.close()]);
      throw error;
    }),
    restart: async (signal = "SIGTERM") => {
      const { stateDir } = line.gateway;
      await line.gateway.stop({ keepState: true, signal });
      line.gateway = await start(stateDir);
    },
    close: async () => {
      await line.gateway.stop();
      await Promise.all([server.close(), model.close()]);
      await rm(line.gateway.stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const folder = join(line.gateway.stateDir, "workspace");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "USER.md"), `The owner's secret word is ${SECRET_WORD}.\n`);
  return line;
}
