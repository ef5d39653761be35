/** Owns a gateway that has never heard of the phone, and its model, for topics that have both one after the other. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gatewayConfig, type PracticeGateway, startPracticeGateway } from "../../plugin/practice/gateway.ts";
import { type PracticeModel, startPracticeModel } from "../../plugin/practice/model.ts";
import type { ModelRule } from "../../plugin/practice/model-script.ts";

export interface BareGateway {
  readonly gateway: PracticeGateway;
  readonly model: PracticeModel;
}

let standing: BareGateway | undefined;

/**
 * The gateway, started when it is not there yet, with a model that goes by this script.
 *
 * @param given.opened whether its streaming endpoint is open, and nothing else.
 */
export async function takeBareGateway(given: {
  readonly script: readonly ModelRule[];
  readonly opened: boolean;
}): Promise<BareGateway> {
  const config = given.opened
    ? { gateway: { http: { endpoints: { chatCompletions: { enabled: true } } } } }
    : {};
  if (standing === undefined) {
    const model = await startPracticeModel({ firstTokenMs: 100, perWordMs: 15 });
    standing = { model, gateway: await startPracticeGateway({ modelUrl: model.url, config }) };
  } else {
    await change(standing, config);
  }
  standing.model.script = given.script;
  return standing;
}

export async function endBareGateway(): Promise<void> {
  const ended = standing;
  standing = undefined;
  await ended?.gateway.stop();
  await ended?.model.close();
}

async function change({ gateway, model }: BareGateway, config: Record<string, Record<string, unknown>>) {
  const written = gatewayConfig(gateway.stateDir, gateway, { modelUrl: model.url, config });
  await writeFile(join(gateway.stateDir, "openclaw.json"), JSON.stringify(written), { mode: 0o600 });
  const giveUpAt = Date.now() + 30_000;
  while ((await statusOfStreaming(gateway)) === 404) {
    if (Date.now() > giveUpAt) {
      throw new Error(`The gateway did not open its endpoint: ${gateway.output().slice(-500)}`);
    }
    await sleep(100);
  }
}

async function statusOfStreaming({ url, token }: PracticeGateway): Promise<number> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: "{}",
  });
  await answer.body?.cancel();
  return answer.status;
}
