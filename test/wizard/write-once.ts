/** Run by its test: writes a key into `.env` and a setting into the config of the state folder it is given, as setup does. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { withVariables } from "../../plugin/config/env-file.ts";
import { planConfigChange } from "../../plugin/config/gateway-config-file.ts";
import { Undoing, writeTogether } from "../../plugin/wizard/write-together.ts";

const [, , stateFolder = "", hasEnv] = process.argv;
const place = { stateFolder, configFile: path.join(stateFolder, "openclaw.json"), env: {} };
const plan = planConfigChange(place, [
  { change: "set", path: ["channels", "phone", "enabled"], value: true },
]);
const file = path.join(stateFolder, ".env");
const before = hasEnv === "yes" ? readFileSync(file) : undefined;
const after = withVariables(before ?? Buffer.alloc(0), { CLAWDTALK_API_KEY: "cc_live_new" });
const files = [{ file, before, after }];
const undoing = Undoing.begin(place, [...plan.files, ...files]);
await writeTogether({ files, plan, undoing }, async () => undefined, new AbortController().signal);
