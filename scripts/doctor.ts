#!/usr/bin/env node
/** Owns the script `doctor`: looks at everything the phone needs, and mends what it may. */
import { Command } from "commander";
import { defineDoctorCommand } from "../plugin/command-line/doctor-command.ts";
import { runScript } from "../plugin/command-line/with-settings.ts";

await runScript(new Command("doctor"), import.meta.dirname, defineDoctorCommand);
