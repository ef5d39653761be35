/** Owns how a file of tests declares topics that share a gateway; the gateway is one-gateway.ts's. */
import { afterAll, beforeAll, describe } from "vitest";
import { endSharedGateway, shareOneGateway } from "./one-gateway.ts";

/**
 * Declares topics that follow each other on one gateway. Each is a module whose tests are written as if it were the
 * only one. What ends the gateway comes last.
 */
export function onOneGateway(modules: Readonly<Record<string, () => Promise<unknown>>>): void {
  beforeAll(shareOneGateway);
  afterAll(endSharedGateway);
  for (const [name, load] of Object.entries(modules)) {
    describe(name, async () => void (await load()));
  }
}
