/** Owns the checks of settings and files: what is written wrong, who else can read them, and the store. */
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { switchboardFolder } from "../../config/state-folder.ts";
import { withStore } from "../../store/database.ts";
import { StoreError } from "../../store/store-error.ts";
import { securityFindings } from "../../trust/audit.ts";
import { type Check, type Finding, ok, problem, warning } from "../check.ts";
import type { Examination } from "../examination.ts";

const settings: Check = {
  id: "settings",
  group: "Settings and files",
  looksAt: "whether all settings are understood",
  why: "What is written wrong is left out, or counts as the strictest there is.",
  mend: "correct the setting that is named; all of them stand in `references/configuration.md`",
  async look({ settings: { problems }, gatewayConfigProblems }) {
    const own = problems.filter(
      // Findings of their own.
      (sentence) =>
        !gatewayConfigProblems.includes(sentence) && !/^The line ".*" has no key: /.test(sentence),
    );
    if (own.length === 0) return ok("All settings are understood.");
    return own.flatMap((sentence) => warning(sentence, "see references/configuration.md"));
  },
};

const secrets: Check = {
  id: "plain-secrets",
  group: "Settings and files",
  looksAt: "phone keys written out in the gateway's config or in `skill-config.json`",
  why: "Such files are copied, shown and backed up; whoever has the key has your phone.",
  mend: "put the key into `.env` in the gateway's state folder, and leave it out there",
  async look(examination) {
    const found = auditFindings(examination, (id) => id === "switchboard.keys.plain_text");
    return found.length > 0 ? found : ok("No phone key is written out in a settings file.");
  },
};

/** What the gateway's own audit is told of the phone, of one kind. */
export function auditFindings(
  { gatewayConfig, places }: Examination,
  isWanted: (checkId: string) => boolean,
): Finding[] {
  const { env, stateFolder, configFile } = places;
  return securityFindings({ config: gatewayConfig, env, stateFolder, configFile })
    .filter(({ checkId }) => isWanted(checkId))
    .map(({ severity, detail, remediation }) => ({
      level: severity === "critical" ? "problem" : "warning",
      found: detail,
      ...(remediation === undefined ? {} : { command: remediation }),
    }));
}

/** All rights of the group and of others. */
const OTHERS = 0o077;

const modes: Check = {
  id: "file-modes",
  group: "Settings and files",
  looksAt: "whether the config, `.env`, the state folder and what is in its `switchboard/` are yours alone",
  why: "They hold keys, the gateway's token, your numbers, and what was said and texted.",
  mend: "`phone doctor --fix`",
  async look(examination) {
    const { machine } = examination;
    // Files there have the rights of their folder.
    if (machine.platform === "win32") return [];
    const command = await examination.ours("doctor --fix");
    const looked = privateFiles(examination).flatMap((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? [] : [{ file, found }];
    });
    if (looked.length === 0) return [];
    const findings = looked.flatMap(({ file, found }): Finding[] => {
      const mode = found.mode & 0o777;
      if (found.uid !== machine.userId) {
        // The system's administrator may look after another's files.
        if (machine.userId === 0) return [];
        return [
          {
            level: "problem",
            found: `${file} belongs to another user.`,
            command: `sudo chown "$(id -un)" '${file}'`,
          },
        ];
      }
      if ((mode & OTHERS) === 0) return [];
      const fix = { kind: "mode", file, before: mode, after: mode & ~OTHERS } as const;
      const isFolder = found.isDirectory();
      return [
        {
          // In a folder that others may look into, the files themselves are still closed.
          level: isFolder ? "warning" : "problem",
          found: `${file} is open to other users of this machine (mode ${octal(mode)}).`,
          command,
          fix,
        },
      ];
    });
    return findings.length > 0 ? findings : ok("Config, keys and the phone's files are yours alone.");
  },
};

/** "640" */
export function octal(mode: number): string {
  return mode.toString(8).padStart(3, "0");
}

function privateFiles({ places }: Examination): string[] {
  const { stateFolder, configFile } = places;
  const own = switchboardFolder(stateFolder);
  return [
    stateFolder,
    configFile,
    path.join(stateFolder, ".env"),
    ...namesIn(path.dirname(configFile))
      .filter((name) => name.endsWith(".switchboard-backup"))
      .map((name) => path.join(path.dirname(configFile), name)),
    own,
    ...namesIn(own).map((name) => path.join(own, name)),
  ];
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

const store: Check = {
  id: "store",
  group: "Settings and files",
  looksAt: "whether the phone's store can be opened",
  why: "It keeps calls, texts, planned calls, missions and the do-not-call list, and every limit is counted in it.",
  mend: "do what the sentence says; `update` where a newer version has written it",
  async look({ settings: { stateFolder } }) {
    // Looking makes none.
    if (!existsSync(path.join(switchboardFolder(stateFolder), "switchboard.sqlite"))) return [];
    try {
      await withStore({ stateFolder }, async () => {});
      return ok("The phone's store can be opened.");
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return problem(error.message);
    }
  },
};

export const fileChecks: readonly Check[] = [settings, secrets, modes, store];
