/** Calls to others, and what others can bring about, on one gateway. */
import { onOneGateway } from "./topics.ts";

onOneGateway({
  // The gateway lets half a minute pass between two turns that nobody speaks in: first of all.
  "placing calls": () => import("./cases/phone-call.ts"),
  "the matrix": () => import("./cases/matrix.ts"),
  "the red team": () => import("./cases/red-team.ts"),
});
