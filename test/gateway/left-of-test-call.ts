/** Looks for what a test call may have left in a gateway's state folder, for the tests that make one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";

/** Not a word of it stands in the agent's database, where sessions and what can be searched are, nor in our own. */
export function expectNothingLeft(stateDir: string): void {
  const agents = join(stateDir, "agents", "main", "agent", "openclaw-agent.sqlite");
  expect(existsSync(agents)).toBe(true);
  const databases = [agents, join(stateDir, "switchboard", "switchboard.sqlite")];
  for (const name of databases.filter((database) => existsSync(database))) {
    const database = new DatabaseSync(name, { readOnly: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      expect(tables.length).toBeGreaterThan(0);
      for (const table of tables) {
        const rows = database.prepare(`SELECT * FROM "${table["name"]}"`).all();
        expect(JSON.stringify(rows), `${name} ${table["name"]}`).not.toMatch(
          /test of the phone line|test-call/,
        );
      }
    } finally {
      database.close();
    }
  }
}
