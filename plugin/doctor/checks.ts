/** Owns the list of all checks, in the order of the report. */
import type { Check } from "./check.ts";
import { callChecks } from "./checks/call.ts";
import { fileChecks } from "./checks/files.ts";
import { gatewayChecks } from "./checks/gateway.ts";
import { lineChecks } from "./checks/lines.ts";
import { machineChecks } from "./checks/machine.ts";
import { peopleChecks } from "./checks/people.ts";
import { pluginChecks } from "./checks/plugin.ts";

export const allChecks: readonly Check[] = [
  ...machineChecks,
  ...gatewayChecks,
  ...pluginChecks,
  ...fileChecks,
  ...lineChecks,
  ...peopleChecks,
  ...callChecks,
];
