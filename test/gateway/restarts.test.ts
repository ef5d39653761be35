/** What callers and senders notice when the network, a service or the gateway itself fails, on one gateway. */
import { onOneGateway } from "./topics.ts";

onOneGateway({
  "faults of ClawCall": () => import("./cases/clawcall-faults.ts"),
  restarts: () => import("./cases/restart.ts"),
});
