/** Owns `openclaw phone …`: the line's status and log from the running gateway, calls and texts as the scripts do them. */
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";

export function registerPhoneCommands(api: OpenClawPluginApi): void {
  api.registerCli(
    async ({ program }) => {
      const { addPhoneCommands } = await import("./lines/phone-commands.ts");
      addPhoneCommands(program);
    },
    {
      descriptors: [
        { name: "phone", description: "Calls and texts: status, call, sms, logs", hasSubcommands: true },
      ],
    },
  );
}
