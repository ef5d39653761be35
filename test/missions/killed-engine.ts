/**
 * An engine in a process of its own, which is killed as `kill -9` does right after the KILL_AT-th thing it has done to the
 * world: a write to the store, or a request the service has carried out, whose answer then nobody hears. Its clock is its
 * parent's: it says when the next thing is due, and goes on when it is told the time.
 */
import { DatabaseSync, StatementSync } from "node:sqlite";
import { ClawdTalkMissions } from "../../plugin/carriers/clawdtalk/missions-rest.ts";
import { MissionEngine } from "../../plugin/missions/engine.ts";
import { openStore } from "../../plugin/store/database.ts";
import { config } from "./mission-plans.ts";

const { STATE_FOLDER = "", API_URL = "", API_KEY = "", KILL_AT = "0", START = "0" } = process.env;

let clock = Number(START);
const store = await openStore(STATE_FOLDER, { now: () => new Date(clock) });
const rest = new ClawdTalkMissions({
  apiUrl: API_URL,
  apiKey: API_KEY,
  secrets: [API_KEY],
  retry: { times: 0, firstDelayMs: 1 },
  fetch: async (url, request) => {
    const response = await fetch(url, request);
    if (request.method !== "GET") done(`${request.method} ${new URL(url).pathname}`);
    return response;
  },
});

/** How often it has done something. */
let count = 0;

function done(what: string): void {
  count += 1;
  if (count !== Number(KILL_AT)) return;
  process.stdout.write(`${what}\n`);
  process.kill(process.pid, "SIGKILL");
}

let isInTransaction = false;
const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql) {
  exec.call(this, sql);
  isInTransaction = sql.startsWith("BEGIN");
  if (sql === "COMMIT") done("several writes");
};
for (const name of ["run", "all"] as const) {
  const original = StatementSync.prototype[name] as (...given: unknown[]) => unknown;
  Object.assign(StatementSync.prototype, {
    [name](this: StatementSync, ...given: unknown[]) {
      const result = original.apply(this, given);
      if (!isInTransaction && !this.sourceSQL.trimStart().toLowerCase().startsWith("select"))
        done(this.sourceSQL);
      return result;
    },
  });
}

const engine = new MissionEngine({
  store,
  rest: () => rest,
  config,
  random: () => 0.5,
  log: { debug() {}, info() {}, warn() {}, error: (message) => process.stderr.write(`${message}\n`) },
});

async function work(): Promise<void> {
  const next = await engine.work(new AbortController().signal);
  process.send?.({ next: next?.getTime(), count });
}

process.on("message", ({ now }: { now: number }) => {
  clock = now;
  void work();
});
await work();
