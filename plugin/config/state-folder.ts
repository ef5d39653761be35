/**
 * Owns where things are: the gateway's state folder and config file, our own folder in it, and the folder of
 * this package. Plugin, scripts and connector all ask here, so that they find the same keys and the same store.
 */
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface GatewayPlace {
  /** The gateway's state folder, absolute. It need not exist. */
  readonly stateFolder: string;
  /** The gateway's config file, absolute. It need not exist. */
  readonly configFile: string;
}

export interface GatewaySearch {
  readonly env: Environment;
  /**
   * Folders to look upwards from: the script's own, and the one it was started by when that is a link to it.
   * An installed plugin lies in `<state folder>/npm/…`, a copied skill in `<state folder>/workspace/skills/…`.
   */
  readonly startFolders?: readonly string[];
  /** The account's home folder, for the case that no variable names it. */
  readonly homeFolder?: string;
}

const CONFIG_FILES = ["openclaw.json", "clawdbot.json"] as const;

/** The gateway's own rule for a profile's name. */
const PROFILE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/**
 * Finds the gateway: by its own variables (`OPENCLAW_STATE_DIR`, `OPENCLAW_PROFILE`, `OPENCLAW_HOME`,
 * `OPENCLAW_CONFIG_PATH`; the older `CLAWDBOT_*` ones have no effect on the gateway and none here), else by a
 * folder above the script that holds the gateway's config file, else `~/.openclaw`, else `~/.clawdbot`.
 *
 * A script that an agent runs sees few variables; the folder above it is what it can rely on.
 */
export function findGateway(search: GatewaySearch): GatewayPlace {
  const { env } = search;
  const home = homeFolderOf(env, search.homeFolder ?? homedir());
  const stateFolder =
    stateFolderByVariables(env, home) ??
    search.startFolders?.map(gatewayFolderAbove).find((folder) => folder !== undefined) ??
    stateFolderAtHome(home);
  const configPath = variable(env, "OPENCLAW_CONFIG_PATH");
  return {
    stateFolder,
    configFile:
      configPath === undefined ? configFileIn(stateFolder) : path.resolve(expandHome(configPath, home)),
  };
}

/**
 * Our folder in the state folder. Made when it is missing, readable by its owner alone.
 *
 * @throws the file system's error when it cannot be made.
 */
export function openSwitchboardFolder(stateFolder: string): string {
  const folder = switchboardFolder(stateFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Our folder in the state folder, by name alone. */
export function switchboardFolder(stateFolder: string): string {
  return path.join(stateFolder, "switchboard");
}

/** The package's folder: the nearest one, from `startFolder` upwards, that holds `skill-config.json`. */
export function findPackageFolder(startFolder: string): string | undefined {
  return ancestors(startFolder).find((folder) => existsSync(path.join(folder, "skill-config.json")));
}

/** The home folder the gateway would use; a leading "~" in a path means this one. */
export function homeFolderOf(env: Environment, accountHome: string): string {
  const systemHome = variable(env, "HOME") ?? variable(env, "USERPROFILE") ?? accountHome;
  const own = variable(env, "OPENCLAW_HOME");
  return path.resolve(own === undefined ? systemHome : expandHome(own, systemHome));
}

/** Replaces a leading "~" by the home folder. */
export function expandHome(file: string, home: string): string {
  return /^~(?=$|[\\/])/.test(file) ? path.join(home, file.slice(1)) : file;
}

function stateFolderByVariables(env: Environment, home: string): string | undefined {
  const stateDir = variable(env, "OPENCLAW_STATE_DIR");
  if (stateDir !== undefined) return path.resolve(expandHome(stateDir, home));
  const profile = variable(env, "OPENCLAW_PROFILE");
  if (profile !== undefined && profile.toLowerCase() !== "default" && PROFILE_NAME.test(profile)) {
    return path.join(home, `.openclaw-${profile}`);
  }
  return variable(env, "OPENCLAW_HOME") === undefined ? undefined : stateFolderAtHome(home);
}

function stateFolderAtHome(home: string): string {
  const current = path.join(home, ".openclaw");
  const old = path.join(home, ".clawdbot");
  return !existsSync(current) && existsSync(old) ? old : current;
}

function gatewayFolderAbove(startFolder: string): string | undefined {
  return ancestors(startFolder).find((folder) =>
    CONFIG_FILES.some((name) => existsSync(path.join(folder, name))),
  );
}

function configFileIn(stateFolder: string): string {
  const files = CONFIG_FILES.map((name) => path.join(stateFolder, name));
  return files.find((file) => existsSync(file)) ?? path.join(stateFolder, CONFIG_FILES[0]);
}

/** The folder itself, its parent, and so on up to the root. */
function ancestors(folder: string): string[] {
  const found = [path.resolve(folder)];
  for (
    let parent = path.dirname(found[0] ?? folder);
    parent !== found.at(-1);
    parent = path.dirname(parent)
  ) {
    found.push(parent);
  }
  return found;
}

/** A variable's value; the gateway takes blank, "undefined" and "null" as not set. */
function variable(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === undefined || value === "" || value === "undefined" || value === "null" ? undefined : value;
}
