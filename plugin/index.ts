/** Declares what the plugin registers with the gateway. No logic. */
import { definePluginEntry } from "openclaw/plugin-sdk/plugin-entry";
import { registerPhoneCallTool } from "./calls/phone-call-tool.ts";
import { createPhoneChannel } from "./channel/channel.ts";
import { registerPhoneCommands } from "./cli.ts";
import { registerHooks } from "./hooks.ts";
import { PhoneService } from "./lines/service.ts";
import { registerPhoneMissionTool } from "./missions/phone-mission-tool.ts";
import { registerQuickAnswers } from "./quick-answers/quick-answers.ts";
import { registerPhoneApproveTool } from "./trust/phone-approve-tool.ts";

export default definePluginEntry({
  id: "switchboard",
  name: "Switchboard",
  description: "A phone for your agent: calls, texts and briefings over ClawdTalk, ClawCall and StepOne.",
  register(api) {
    registerPhoneCommands(api);
    if (api.registrationMode === "cli-metadata") return;
    const service = new PhoneService(api);
    // Hooks in every mode: an agent turn runs on another registration than the service (gateway facts).
    registerHooks(api, () => service.settings());
    registerPhoneCallTool(api, () => service.settings());
    registerPhoneMissionTool(api, () => service.settings());
    registerPhoneApproveTool(api, () => service.settings());
    registerQuickAnswers(api);
    api.registerChannel({
      plugin: createPhoneChannel({
        lines: () => service.lines(),
        sendText: (text) => service.sendText(text),
        runLine: (line, signal) => service.runLine(line, signal),
      }),
    });
    if (api.registrationMode !== "full") return;
    api.registerService({ id: "switchboard", start: () => service.start(), stop: () => service.stop() });
    api.on("gateway_stop", () => service.stop());
    for (const route of service.routes()) api.registerHttpRoute(route);
  },
});
