/**
 * Owns the practice gateway with everything a phone needs: the scripted model unless another is named, this
 * package linked, its lines pointed where asked, and the wait until it can take calls.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { PhoneStatus } from "../lines/service.ts";
import { messageOf } from "../log.ts";
import { PRACTICE_CLAWCALL_KEY } from "./clawcall-server.ts";
import { PRACTICE_API_KEY } from "./clawdtalk-server.ts";
import { type PracticeGateway, type PracticeGatewayOptions, startPracticeGateway } from "./gateway.ts";
import { startPracticeModel } from "./model.ts";
import { PRACTICE_STEPONE_KEY } from "./stepone-server.ts";

export interface PhoneGatewayOptions
  extends Pick<
    PracticeGatewayOptions,
    "port" | "stateDir" | "config" | "otherPlugins" | "conversationAccess" | "pages" | "signal"
  > {
  readonly pluginFolder: string;
  /** Default: the scripted model. */
  readonly modelUrl?: string | undefined;
  /** Without it there is no ClawdTalk line. */
  readonly clawdtalkServer?: string | undefined;
  /** Without it there is no ClawCall line. */
  readonly clawcallBaseUrl?: string | undefined;
  /** Without it there is no StepOne line. */
  readonly steponeBase?: string | undefined;
  /** Default: the practice line's key. */
  readonly apiKey?: string | undefined;
  readonly clawcallKey?: string | undefined;
  readonly steponeKey?: string | undefined;
  /** E.164. Default +15550001111. */
  readonly ownerNumber?: string | undefined;
  /** More of the plugin's config. */
  readonly settings?: Record<string, unknown> | undefined;
  /** False: do not wait for the lines, only for the gateway. Default true. */
  readonly waitForLines?: boolean | undefined;
  /** Milliseconds the lines and the caches may take after the gateway answers. Default 45,000. */
  readonly readyLimitMs?: number | undefined;
  /** Told once, in a sentence, when it takes longer than a line usually does. */
  readonly onWaiting?: ((sentence: string) => void) | undefined;
}

export interface PhoneGateway extends PracticeGateway {
  readonly modelUrl: string;
  /** What the plugin says of its lines, asked over the gateway's own HTTP. */
  status(): Promise<PhoneStatus>;
}

const READY_LIMIT_MS = 45_000;
/** A line that is not connected by now has something to say. */
const USUAL_MS = 10_000;

export async function startPhoneGateway(options: PhoneGatewayOptions): Promise<PhoneGateway> {
  const model = options.modelUrl === undefined ? await startPracticeModel() : undefined;
  const modelUrl = options.modelUrl ?? model?.url ?? "";
  let gateway: PracticeGateway;
  try {
    gateway = await startPracticeGateway({
      ...options,
      modelUrl,
      pluginConfig: phoneSettings(options),
      environment: {
        ...(options.clawdtalkServer === undefined
          ? {}
          : {
              CLAWDTALK_SERVER: options.clawdtalkServer,
              CLAWDTALK_API_KEY: options.apiKey ?? PRACTICE_API_KEY,
            }),
        ...(options.clawcallBaseUrl === undefined
          ? {}
          : {
              CLAWCALL_BASE_URL: options.clawcallBaseUrl,
              CLAWCALL_API_KEY: options.clawcallKey ?? PRACTICE_CLAWCALL_KEY,
            }),
        ...(options.steponeBase === undefined
          ? {}
          : {
              STEPONEAI_API_BASE: options.steponeBase,
              STEPONEAI_API_KEY: options.steponeKey ?? PRACTICE_STEPONE_KEY,
            }),
      },
    });
  } catch (error) {
    await model?.close();
    throw error;
  }
  const phone: PhoneGateway = {
    ...gateway,
    modelUrl,
    status: async () => {
      const answer = await fetch(`${gateway.url}/switchboard/status`, {
        headers: { authorization: `Bearer ${gateway.token}` },
        signal: AbortSignal.timeout(5_000),
      });
      if (!answer.ok)
        throw new Error(`The gateway answered ${answer.status} when asked for the phone's status.`);
      return (await answer.json()) as PhoneStatus;
    },
    stop: async (how) => {
      await gateway.stop(how);
      await model?.close();
    },
  };
  const { clawdtalkServer, clawcallBaseUrl, steponeBase } = options;
  const hasLines = [clawdtalkServer, clawcallBaseUrl, steponeBase].some((where) => where !== undefined);
  if (hasLines && options.waitForLines !== false) {
    try {
      await untilReady(phone, options);
    } catch (error) {
      await phone.stop();
      throw error;
    }
  }
  return phone;
}

/** The plugin's config of a phone with these options, without what its lines take from the environment. */
export function phoneSettings({
  ownerNumber = "+15550001111",
  settings,
}: Pick<PhoneGatewayOptions, "ownerNumber" | "settings">): Record<string, unknown> {
  return {
    ownerNumbers: [ownerNumber],
    ownerName: "Sam",
    agentName: "Robin",
    // Practice at any hour, as often as one likes.
    quietHours: "off",
    callingHours: "always",
    cooldownMinutes: 0,
    callsPerNumberPerDay: 100,
    ...settings,
  };
}

/**
 * Resolves when every line is connected and the caches are warm. A refused key is final; everything else may still mend
 * itself.
 *
 * @throws Error with a sentence that says what is missing.
 */
export async function untilReady(
  gateway: Pick<PhoneGateway, "status">,
  options: Pick<PhoneGatewayOptions, "readyLimitMs" | "onWaiting" | "signal"> = {},
): Promise<void> {
  let last = "the phone did not answer";
  let told = false;
  const startedAt = Date.now();
  const deadline = startedAt + (options.readyLimitMs ?? READY_LIMIT_MS);
  while (Date.now() < deadline && !options.signal?.aborted) {
    try {
      const { warm, lines, problems } = await gateway.status();
      if (warm && lines.length > 0 && lines.every((line) => line.state === "connected")) return;
      last = [...problems, ...lines.map((line) => line.detail)].join(" ") || "no line is connected";
      if (lines.some((line) => line.state === "refused")) break;
    } catch (error) {
      last = messageOf(error);
    }
    if (!told && Date.now() - startedAt > USUAL_MS) {
      told = true;
      options.onWaiting?.(`The phone is not ready yet: ${last}`);
    }
    await sleep(100);
  }
  throw new Error(`The phone is not ready to take calls: ${last}`);
}
