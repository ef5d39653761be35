/** Owns how `openclaw phone …` is made known to the gateway's command line. The commands are in `command-line/`. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { OpenClawPluginApi } from "openclaw/plugin-sdk/core";

export function registerPhoneCommands(api: OpenClawPluginApi): void {
  api.registerCli(
    async ({ program }) => {
      const { definePhoneCommands } = await import("./command-line/phone-commands.ts");
      const { processContext } = await import("./command-line/with-settings.ts");
      definePhoneCommands(program, processContext(dirname(fileURLToPath(import.meta.url))));
    },
    {
      descriptors: [
        {
          name: "phone",
          description: "Calls, texts and briefings over whichever line can do it",
          hasSubcommands: true,
        },
      ],
    },
  );
}
