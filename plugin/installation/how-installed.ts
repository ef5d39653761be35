/**
 * Owns finding out how this copy came onto the machine, and the commands that update and remove such a copy. It looks
 * at what the installers themselves leave: where a copy lies, their origin and lock files, the gateway's config.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { contains, objectAt, readGatewayConfig, realPathIfPresent } from "../config/gateway-config.ts";
import { type Environment, expandHome, homeFolderOf } from "../config/state-folder.ts";
import { jsonIn } from "../json-text.ts";

/** The plugin's id for the gateway, and the skill's name. */
const OWN_NAME = "switchboard";

export type InstallKind =
  /** A plugin whose folder the gateway manages: from npm, ClawHub, git or an archive. */
  | "plugin-npm"
  /** A folder of the user's that the gateway's config names as a plugin. */
  | "plugin-link"
  /** A skill that `openclaw skills install` (or ClawHub's own command) has put into a workspace. */
  | "openclaw-skill"
  /** A skill that `npx skills add` has put into a project or the home folder. */
  | "npx-skill"
  /** A clone, used as it is. */
  | "git"
  /** A folder that nobody keeps a record of. */
  | "copy";

export interface Installation {
  readonly kind: InstallKind;
  /** The package's folder, as a real path. */
  readonly folder: string;
  /** The way's own command and its arguments; undefined where there is none. */
  readonly updateCommand: readonly string[] | undefined;
  /** The same, for removing this copy. It asks nothing. */
  readonly removeCommand: readonly string[] | undefined;
  /** Where both commands have to be run. */
  readonly workingFolder: string;
  /** Why there is no `updateCommand`, and what to do instead: a sentence. */
  readonly whyNoUpdate?: string;
}

export interface InstallationSearch {
  readonly packageFolder: string;
  readonly stateFolder: string;
  /** The gateway's config file. It need not exist. */
  readonly configFile: string;
  readonly env: Environment;
}

/** Never throws: a copy nothing is known of is a "copy". */
export function howInstalled(search: InstallationSearch): Installation {
  const folder = realPathIfPresent(search.packageFolder);
  return (
    linkedPlugin(folder, search) ??
    managedPlugin(folder, search) ??
    openclawSkill(folder, search) ??
    npxSkill(folder, search) ??
    clone(folder) ?? {
      kind: "copy",
      folder,
      workingFolder: folder,
      updateCommand: undefined,
      removeCommand: undefined,
      whyNoUpdate: `Nothing says how ${folder} came here: put the new version in its place the way you put this one there.`,
    }
  );
}

const PLUGIN_REMOVAL = ["openclaw", "plugins", "uninstall", OWN_NAME, "--force"] as const;

function linkedPlugin(folder: string, search: InstallationSearch): Installation | undefined {
  const { env, configFile, stateFolder } = search;
  const { paths } = objectAt(readGatewayConfig(configFile, env).config, "plugins", "load");
  const home = homeFolderOf(env, homedir());
  const isLinked = [paths]
    .flat()
    .some(
      (named) =>
        typeof named === "string" &&
        realPathIfPresent(path.resolve(path.dirname(configFile), expandHome(named, home))) === folder,
    );
  if (!isLinked) return undefined;
  const update = clone(folder)?.updateCommand;
  return {
    kind: "plugin-link",
    folder,
    workingFolder: stateFolder,
    updateCommand: update,
    removeCommand: PLUGIN_REMOVAL,
    ...(update === undefined
      ? {
          whyNoUpdate: `The gateway uses ${folder} where it lies, and that is no clone: put the new version there, then run "openclaw plugins reload ${OWN_NAME}".`,
        }
      : {}),
  };
}

/** The gateway's own folders for plugins (its docs, "Install roots"). */
const PLUGIN_FOLDERS = ["npm", "extensions", "git"] as const;

function managedPlugin(folder: string, { stateFolder }: InstallationSearch): Installation | undefined {
  const isManaged = PLUGIN_FOLDERS.some((name) =>
    contains(realPathIfPresent(path.join(stateFolder, name)), folder),
  );
  if (!isManaged) return undefined;
  return {
    kind: "plugin-npm",
    folder,
    workingFolder: stateFolder,
    updateCommand: ["openclaw", "plugins", "update", OWN_NAME],
    removeCommand: PLUGIN_REMOVAL,
  };
}

/**
 * The gateway notes beside an installed skill where it came from: `.clawhub/origin.json` from ClawHub,
 * `.openclaw/source-origin.json` from a folder or git. Only the first kind is updated by `openclaw skills update`.
 */
function openclawSkill(folder: string, { stateFolder }: InstallationSearch): Installation | undefined {
  if (path.basename(path.dirname(folder)) !== "skills") return undefined;
  const workspace = path.dirname(path.dirname(folder));
  const isShared = workspace === realPathIfPresent(stateFolder);
  const shared = isShared ? ["--global"] : [];
  const here = { kind: "openclaw-skill", folder, workingFolder: workspace } as const;
  const fromClawHub = [".clawhub", ".clawdhub"]
    .map((name) => readJson(path.join(folder, name, "origin.json")))
    .find((origin) => textAt(origin, "slug") !== undefined);
  if (fromClawHub !== undefined) {
    const owner = textAt(fromClawHub, "ownerHandle");
    const slug = textAt(fromClawHub, "slug") ?? OWN_NAME;
    const reference = owner === undefined ? slug : `@${owner}/${slug}`;
    return {
      ...here,
      updateCommand: ["openclaw", "skills", "update", reference, ...shared],
      removeCommand: ["npx", "--yes", "clawhub", "--workdir", workspace, "uninstall", reference, "--yes"],
    };
  }
  const origin = readJson(path.join(folder, ".openclaw", "source-origin.json"));
  const spec = textAt(origin, "spec");
  if (spec === undefined) return undefined;
  const source = textAt(origin, "source") === "git" && !spec.startsWith("git:") ? `git:${spec}` : spec;
  if (textAt(origin, "source") === "path" && !existsSync(path.join(spec, "SKILL.md"))) {
    return {
      ...here,
      updateCommand: undefined,
      removeCommand: undefined,
      whyNoUpdate: `It was installed from ${spec}, which is not there any more: run "openclaw skills install <folder> --force" with the folder of the new version.`,
    };
  }
  return {
    ...here,
    updateCommand: [
      "openclaw",
      "skills",
      "install",
      source,
      "--as",
      path.basename(folder),
      "--force",
      ...shared,
    ],
    removeCommand: undefined,
  };
}

/** The installer's lock file, in the project or for the whole account (skills 1.7), names what it has put where. */
function npxSkill(folder: string, { env }: InstallationSearch): Installation | undefined {
  if (path.basename(path.dirname(folder)) !== "skills") return undefined;
  const name = path.basename(folder);
  // <project>/skills/<name>, or <project>/.<agent>/skills/<name>.
  const parents = [path.dirname(path.dirname(folder)), path.dirname(path.dirname(path.dirname(folder)))];
  const project = parents.find((parent) => lockEntry(path.join(parent, "skills-lock.json"), name));
  const home = homeFolderOf({ ...env, OPENCLAW_HOME: undefined }, homedir());
  const accountLock = env.XDG_STATE_HOME
    ? path.join(env.XDG_STATE_HOME, "skills", ".skill-lock.json")
    : path.join(home, ".agents", ".skill-lock.json");
  const entry =
    project === undefined
      ? contains(realPathIfPresent(home), folder) && lockEntry(accountLock, name)
      : lockEntry(path.join(project, "skills-lock.json"), name);
  if (!entry) return undefined;
  const scope = project === undefined ? "--global" : "--project";
  const isLocal = textAt(entry, "sourceType") === "local";
  // Relative to the lock file, where it is a folder.
  const source = path.resolve(project ?? home, textAt(entry, "source") ?? "<folder>");
  return {
    kind: "npx-skill",
    folder,
    workingFolder: project ?? home,
    updateCommand: isLocal ? undefined : ["npx", "--yes", "skills", "update", name, "--yes", scope],
    removeCommand: [
      "npx",
      "--yes",
      "skills",
      "remove",
      name,
      "--yes",
      ...(project === undefined ? ["--global"] : []),
    ],
    ...(isLocal
      ? {
          whyNoUpdate: `It was copied from ${source}, and "skills update" passes such copies over: run "npx skills add ${source} --yes${project === undefined ? " --global" : ""}" in ${project ?? home}.`,
        }
      : {}),
  };
}

function lockEntry(file: string, name: string): object | undefined {
  const entry = objectAt(readJson(file), "skills", name);
  return Object.keys(entry).length > 0 ? entry : undefined;
}

function clone(folder: string): Installation | undefined {
  if (!existsSync(path.join(folder, ".git"))) return undefined;
  return {
    kind: "git",
    folder,
    workingFolder: folder,
    updateCommand: ["git", "-C", folder, "pull", "--ff-only"],
    removeCommand: undefined,
  };
}

function readJson(file: string): unknown {
  try {
    return jsonIn(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function textAt(value: unknown, key: string): string | undefined {
  const found = objectAt(value)[key];
  return typeof found === "string" && found !== "" ? found : undefined;
}
