/** A package as small as can be, in several versions, and the gateway's command line standing in for the real one. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";

/** Finds wrong what stands in `wrong.json` of its package, and does first what its version does: `changes.mjs`. */
const DOCTOR = `
import { existsSync, readFileSync } from "node:fs";
const changes = new URL("../../changes.mjs", import.meta.url);
if (existsSync(changes)) await import(changes);
const wrong = JSON.parse(readFileSync(new URL("../../wrong.json", import.meta.url), "utf8"));
const findings = wrong.map((check) => ({ check, level: "problem", found: check + " is wrong." }));
console.log(JSON.stringify({ ok: wrong.length === 0, findings }));
`;

/**
 * Notes what it is asked, and does what the file \`do.mjs\` beside it does with the words.
 */
const GATEWAY_CLI = `
import { appendFileSync, existsSync } from "node:fs";
appendFileSync(new URL("asked", import.meta.url), process.argv.slice(2).join(" ") + "\\n");
const own = new URL("do.mjs", import.meta.url);
if (existsSync(own)) await (await import(own)).default(process.argv.slice(2));
`;

export interface Version {
  readonly version: string;
  /** Checks of its doctor that find something wrong. */
  readonly wrong?: readonly string[];
  /** What its doctor does to the machine. */
  readonly changes?: string;
}

/** A home folder with a gateway's state folder, and packages in it. */
export class SomeMachine {
  readonly home = realpathSync(mkdtempSync(path.join(tmpdir(), "switchboard-machine-")));
  readonly stateFolder = path.join(this.home, ".openclaw");
  readonly configFile = path.join(this.stateFolder, "openclaw.json");
  readonly env: Record<string, string> = {
    HOME: this.home,
    PATH: process.env.PATH ?? "",
    SWITCHBOARD_OPENCLAW: path.join(this.home, "bin", "openclaw.mjs"),
    GIT_CONFIG_GLOBAL: path.join(this.home, ".gitconfig"),
  };

  constructor() {
    mkdirSync(this.stateFolder, { mode: 0o700 });
    this.write("bin/openclaw.mjs", GATEWAY_CLI);
    this.write(".gitconfig", "[user]\n\tname = Somebody\n\temail = somebody@example.org\n");
  }

  write(name: string, content: string): string {
    const file = path.join(this.home, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  read(name: string): string {
    return readFileSync(path.join(this.home, name), "utf8");
  }

  /** What the gateway's command line does when it is asked: the body of a function of its words. */
  openclawDoes(body: string): void {
    this.write("bin/do.mjs", `import fs from "node:fs";\nexport default async (words) => {\n${body}\n};\n`);
  }

  asked(): string[] {
    return this.read("bin/asked").trim().split("\n");
  }

  /** Writes a version of the package into a folder. */
  putPackage(name: string, { version, wrong = [], changes }: Version): string {
    const folder = path.join(this.home, name);
    rmSync(path.join(folder, "changes.mjs"), { force: true });
    this.write(`${name}/openclaw.plugin.json`, JSON.stringify({ id: "switchboard", version }));
    this.write(`${name}/package.json`, JSON.stringify({ type: "module", version }));
    this.write(`${name}/SKILL.md`, `---\nname: switchboard\n---\n${version}\n`);
    this.write(`${name}/skill-config.json`, "{}");
    this.write(`${name}/wrong.json`, JSON.stringify(wrong));
    this.write(`${name}/dist/scripts/doctor.js`, DOCTOR);
    if (changes !== undefined) this.write(`${name}/changes.mjs`, changes);
    return folder;
  }

  /** Puts the project's built scripts into a package's folder, beside its own doctor. */
  putScripts(name: string): void {
    const scripts = path.resolve(import.meta.dirname, "../../dist/scripts");
    const to = path.join(this.home, name, "dist", "scripts");
    cpSync(scripts, to, { recursive: true, filter: (file) => path.basename(file) !== "doctor.js" });
  }

  async git(folder: string, ...words: string[]): Promise<string> {
    const { stdout } = await execa("git", ["-C", folder, ...words], { env: this.env });
    return stdout;
  }

  /** A clone of a repository that holds this version; `publish` puts the next one there. */
  async clone(first: Version): Promise<{ folder: string; publish: (next: Version) => Promise<void> }> {
    const upstream = this.putPackage("upstream", first);
    const publish = async (message: string) => {
      await this.git(upstream, "add", "-A");
      await this.git(upstream, "commit", "-q", "-m", message);
    };
    await this.git(upstream, "init", "-q", "-b", "main");
    await publish(first.version);
    const folder = path.join(this.home, "clone");
    await this.git(this.home, "clone", "-q", upstream, folder);
    return {
      folder,
      publish: async (next) => {
        this.putPackage("upstream", next);
        await publish(next.version);
      },
    };
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}
