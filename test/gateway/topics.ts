/** Owns how a file of tests declares topics that share a gateway; the gateway is one-gateway.ts's. */
import { afterAll, beforeAll, describe } from "vitest";
import { endBareGateway } from "./bare-gateway.ts";
import { endSharedGateway, shareOneGateway } from "./one-gateway.ts";

/**
 * Declares topics that follow each other on one gateway. Each is a module whose tests are written as if it were the
 * only one. What ends the gateway comes last.
 */
export function onOneGateway(modules: Readonly<Record<string, () => Promise<unknown>>>): void {
  beforeAll(shareOneGateway);
  afterAll(endSharedGateway);
  topics(modules);
}

/** As {@link onOneGateway}, on a gateway that has never heard of the phone. */
export function onBareGateway(modules: Readonly<Record<string, () => Promise<unknown>>>): void {
  afterAll(endBareGateway);
  topics(modules);
}

function topics(modules: Readonly<Record<string, () => Promise<unknown>>>): void {
  for (const [name, load] of Object.entries(modules)) {
    describe(name, async () => void (await load()));
  }
}
