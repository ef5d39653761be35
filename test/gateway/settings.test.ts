/** What the phone makes of the gateway's settings and of its faults, on one gateway. */
import { onOneGateway } from "./topics.ts";

onOneGateway({
  sessions: () => import("./cases/scopes.ts"),
  faults: () => import("./cases/faults.ts"),
  // It ends the gateway.
  hooks: () => import("./cases/hooks.ts"),
});
