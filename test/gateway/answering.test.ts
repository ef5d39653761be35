/** Who is answered on calls and by texts, and what they may have done, on one gateway. */
import { onOneGateway } from "./topics.ts";

onOneGateway({
  "calls over ClawdTalk": () => import("./cases/calls.ts"),
  texts: () => import("./cases/texts.ts"),
  "calls over ClawCall": () => import("./cases/clawcall-calls.ts"),
  // It kills the gateway.
  "the gate": () => import("./cases/gate.ts"),
});
