// Proves that a ClawCall line that was stopped keeps nothing alive: the process that held it ends by itself.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import {
  type ClawCallPractice,
  PRACTICE_CLAWCALL_KEY,
  startClawCallPractice,
} from "../../plugin/practice/clawcall-server.ts";
import { freePort } from "../../plugin/practice/gateway.ts";

const LISTEN = "/api/v1/calls/listen";

it("leaves no timer and no socket open, whatever the line was doing", async () => {
  const servers = await Promise.all(Array.from({ length: 5 }, () => startClawCallPractice()));
  const [well, mute, failing, strict, talking] = servers as [
    ClawCallPractice,
    ClawCallPractice,
    ClawCallPractice,
    ClawCallPractice,
    ClawCallPractice,
  ];
  mute.faults.routes = [{ path: LISTEN, kind: "hang", times: 999 }];
  failing.faults.routes = [{ path: LISTEN, kind: "status", times: 999 }];
  strict.faults.refuseKey = true;
  // An answer that never gets through is still being tried again when the line stops.
  talking.faults.routes = [{ path: /respond/, kind: "status", times: 999 }];
  (await talking.ring()).say("Are you there?");
  const script = `
    import { createClawCallCarrier } from "./plugin/carriers/clawcall/carrier.ts";
    const nothing = () => {};
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const listener = Object.fromEntries(["onCallSetup", "onCallStarted", "onTurn", "onCallEnded", "onOrderCompleted",
      "onText", "onWalkie", "onApproval", "onStatus"].map((method) => [method, nothing]));
    const apiKey = ${JSON.stringify(PRACTICE_CLAWCALL_KEY)};
    const make = (apiUrl) => createClawCallCarrier({ line: { name: "home", apiKey, apiUrl }, version: "1.2.3", log });
    // The HTTP client lets go of a socket a moment after the last answer was read.
    const lettingGo = () => new Promise((resolve) => setTimeout(resolve, 50));
    const open = () => process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|TLS/.test(name));
    const servers = process.argv.slice(1);
    const carriers = servers.map(make);
    for (const carrier of carriers) {
      carrier.start({ ...listener, onTurn: (turn) => carrier.answer(turn, "Yes.") });
    }
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const states = carriers.map((carrier) => carrier.status().state);
    const { retriedAnswers } = carriers[4].status().counters;
    const openBefore = open().length;
    await Promise.all(carriers.map((carrier) => carrier.stop()));
    await lettingGo();
    const openAfter = open();

    const hasty = make(servers[0]);
    hasty.start(listener);
    await hasty.stop();
    await lettingGo();
    const openAfterHaste = open();
    const doneAt = Date.now();
    process.on("exit", () => {
      const lingeredMs = Date.now() - doneAt;
      console.log(JSON.stringify({ states, retriedAnswers, openBefore, openAfter, openAfterHaste, lingeredMs }));
    });
  `;
  try {
    // The waits are the defaults: a forgotten timer is seen, and keeps the process for seconds.
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        ...["--input-type=module", "-e", script],
        ...servers.map(({ url }) => url),
        `http://127.0.0.1:${await freePort()}`,
      ],
      { timeout: 25_000 },
    );
    const { openBefore, retriedAnswers, lingeredMs, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({
      states: ["connected", "starting", "reconnecting", "refused", "connected", "reconnecting"],
      openAfter: [],
      openAfterHaste: [],
    });
    expect(lingeredMs).toBeLessThan(2_000);
    // What is looked for can be seen: a socket of each poll, and the waits for another try.
    expect(openBefore).toBeGreaterThanOrEqual(5);
    expect(retriedAnswers).toBeGreaterThanOrEqual(1);
    expect(well.lostMessages).toEqual([]);
    expect(well.listens.filter(({ abandoned }) => abandoned)).toEqual([]);
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}, 30_000);
