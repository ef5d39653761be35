/** Ways to the agent from outside the gateway, on one gateway that has never heard of the phone. */
import { onBareGateway } from "./topics.ts";

onBareGateway({
  // It begins with a gateway that has opened nothing.
  "the agent over HTTP": () => import("./cases/http-agent.ts"),
  connect: () => import("./cases/connect.ts"),
});
