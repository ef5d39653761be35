/** Owns the command `doctor`: has everything looked at, prints the report, and mends with consent what can be mended here. */
import type { Command } from "commander";
import type { Fix } from "../doctor/check.ts";
import type { TestCallTimes } from "../doctor/examination.ts";
import type { Entry } from "../doctor/report.ts";
import { isYes } from "./consent.ts";
import type { Answer, CommandContext, Settings } from "./run.ts";
import { answerUntilStopped, type OnStop, onProcessStop } from "./stopping.ts";

interface DoctorOptions {
  readonly fix?: boolean;
  readonly yes?: boolean;
  readonly call: boolean;
  readonly json?: boolean;
}

export function defineDoctorCommand(
  command: Command,
  context: CommandContext,
  onStop: OnStop = onProcessStop,
): void {
  command
    .description("Look at everything the phone needs: what is wrong, why it matters, and what mends it.")
    .option("--fix", "mend what can be mended without harm; each change is shown and asked about")
    .option("--yes", "with --fix: do not ask")
    .option("--no-call", "make no test call on the practice line (it costs a model call)")
    .option("--json", "print one JSON object")
    .action(async (options: DoctorOptions) => {
      await answerUntilStopped(context, onStop, options, async (signal) =>
        doctor(options, await context.settings(), { context, signal }),
      );
    });
}

interface Running {
  readonly context: CommandContext;
  readonly signal: AbortSignal;
}

async function doctor(options: DoctorOptions, settings: Settings, running: Running): Promise<Answer> {
  const { context, signal } = running;
  const { allChecks } = await import("../doctor/checks.ts");
  const { Examination } = await import("../doctor/examination.ts");
  const { entriesOf, reportInWords } = await import("../doctor/report.ts");
  const { runChecks } = await import("../doctor/run-checks.ts");
  const { findGatewayCli, openGatewayCli } = await import("../briefings/gateway-cli.ts");
  const { secretsOf } = await import("../config/redaction.ts");
  const { packageVersion } = await import("../version.ts");
  const places = context.places();
  const { env, stateFolder, configFile } = places;
  const examination = new Examination({
    places,
    settings,
    machine: {
      nodeVersion: process.versions.node,
      platform: process.platform,
      userId: process.getuid?.(),
      now: Date.now,
    },
    openCli: () =>
      openGatewayCli(findGatewayCli({ env, platform: process.platform, script: process.argv[1] }), {
        ...env,
        OPENCLAW_STATE_DIR: stateFolder,
        OPENCLAW_CONFIG_PATH: configFile,
      }),
    testCall: options.call ? (stop) => callOnPracticeLine(settings, stop) : undefined,
    signal,
  });
  if (!options.json) {
    context.complain(
      `Looking${options.call ? ", and making a test call" : ""}: this takes up to a minute …\n`,
    );
  }
  const found = entriesOf(await runChecks(allChecks, examination), secretsOf(settings.config));
  const mended = options.fix ? await mend(found, options, running) : new Set<Entry>();
  const entries = found.map((entry) => ({ ...entry, mended: mended.has(entry) }));
  const left = entries.filter((entry) => !entry.mended);
  const isWell = !left.some(({ level }) => level === "problem");
  if (!isWell) context.setExitCode(1);
  const count = (wanted: Entry["level"]) => left.filter(({ level }) => level === wanted).length;
  return {
    text: reportInWords(entries),
    json: {
      ok: isWell,
      version: packageVersion(),
      problems: count("problem"),
      warnings: count("warning"),
      findings: entries.map(({ fix, ...entry }) => ({ ...entry, canBeMended: fix !== undefined })),
    },
    hasOthersWords: true,
  };
}

async function callOnPracticeLine({ config }: Settings, signal: AbortSignal): Promise<TestCallTimes> {
  const { testCall } = await import("../wizard/test-call.ts");
  return await testCall({ config, signal });
}

/** Mends what is wanted; what cannot be mended is said. @returns what was mended. */
async function mend(
  found: readonly Entry[],
  options: DoctorOptions,
  { context, signal }: Running,
): Promise<ReadonlySet<Entry>> {
  const { octal } = await import("../doctor/checks/files.ts");
  const { ConfigNotChanged } = await import("../config/gateway-config-file.ts");
  const mended = new Set<Entry>();
  const inConfig: { entry: Entry; fix: Extract<Fix, { kind: "config" }> }[] = [];
  for (const entry of found) {
    const { fix } = entry;
    if (fix === undefined) continue;
    try {
      const shown =
        fix.kind === "mode"
          ? `chmod ${octal(fix.after)} ${fix.file} (now ${octal(fix.before)})`
          : `${await differenceFor(fix, context)}\n  (${fix.means})`;
      context.complain(`${shown}\n`);
      if (!(await isWanted(context, options, signal))) continue;
      if (fix.kind === "config") inConfig.push({ entry, fix });
      else {
        await closeToOthers(fix);
        mended.add(entry);
      }
    } catch (error) {
      signal.throwIfAborted();
      const isExpected =
        error instanceof ConfigNotChanged || (error as NodeJS.ErrnoException).code !== undefined;
      if (!isExpected) throw error;
      context.complain(`Not mended: ${(error as Error).message}\n`);
    }
  }
  if (inConfig.length === 0) return mended;
  try {
    const backups = await writeConfig(
      inConfig.map(({ fix }) => fix),
      { context, signal },
    );
    for (const { entry } of inConfig) mended.add(entry);
    context.complain(
      `The config is written; what stood there before is in ${backups.join(", ")}. If the gateway does not take it up by itself: openclaw gateway restart\n`,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConfigNotChanged)) throw error;
    context.complain(`Not mended: ${error.message}\n`);
  }
  return mended;
}

async function isWanted(
  context: CommandContext,
  { yes }: DoctorOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (yes) return true;
  const answer = await context.ask("Do this? [y/N] ", signal);
  signal.throwIfAborted();
  if (answer === undefined) {
    context.complain("Not done: where nobody can be asked, --yes says that this is wanted.\n");
  }
  return isYes(answer ?? "");
}

async function differenceFor(
  { wish }: Extract<Fix, { kind: "config" }>,
  context: CommandContext,
): Promise<string> {
  const { planConfigChange } = await import("../config/gateway-config-file.ts");
  const { difference } = await import("./config-changes.ts");
  const { configFile, env } = context.places();
  return difference(planConfigChange({ configFile, env }, [wish]));
}

/**
 * Writes all that is wanted at once: checked by the gateway, and put back when it does not take it. A config it does not take
 * as it is may be what is being mended.
 */
async function writeConfig(
  fixes: readonly Extract<Fix, { kind: "config" }>[],
  { context, signal }: Running,
): Promise<readonly string[]> {
  const { applyConfigPlan, ConfigNotChanged, planConfigChange } = await import(
    "../config/gateway-config-file.ts"
  );
  const { validator } = await import("./config-changes.ts");
  const { configFile, env } = context.places();
  const place = { configFile, env };
  const validate = await validator(place, context);
  const before = await validate();
  const plan = planConfigChange(
    place,
    fixes.map(({ wish }) => wish),
  );
  try {
    return await applyConfigPlan(plan, validate, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConfigNotChanged) || before === undefined) throw error;
    throw new ConfigNotChanged(
      `The gateway does not take ${configFile} as it is: ${before} Mend that first ("openclaw doctor"): nothing was changed.`,
    );
  }
}

/** Takes away what others may do with the file, and nothing that was done to it since it was looked at. */
async function closeToOthers({ file, before, after }: Extract<Fix, { kind: "mode" }>): Promise<void> {
  const { chmod, stat } = await import("node:fs/promises");
  const mode = (await stat(file)).mode & 0o777;
  await chmod(file, mode === before ? after : mode & after);
}
