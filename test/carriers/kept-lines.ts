/**
 * Owns what the tests of every carrier share: lines on practice servers, of which everything is kept that they told
 * their listener and wrote into the log, and what must hold of all of them when a test ends.
 */
import { afterEach, expect, vi } from "vitest";
import type { Carrier, CarrierListener } from "../../plugin/carriers/carrier.ts";
import type { Log } from "../../plugin/log.ts";

/** Everything a carrier told its listener, by the listener's method. */
type Heard = { [Method in keyof CarrierListener]: Parameters<CarrierListener[Method]>[0][] };

type Written = { level: keyof Log; message: string }[];

export interface KeptLine<Kind extends Carrier> {
  readonly carrier: Kind;
  readonly heard: Heard;
  readonly written: Written;
  /** The messages of one level, in order. */
  said(level: keyof Log): string[];
}

interface PracticeServer {
  readonly violations: readonly { readonly rule: string }[];
  close(): Promise<void>;
}

/**
 * After each test of the file that calls this, stops the lines, then closes the servers. None of the lines may have
 * told the key, and nothing may have broken the wire page.
 */
export function keepLines<Kind extends Carrier>(key: string) {
  const lines: KeptLine<Kind>[] = [];
  const servers: PracticeServer[] = [];

  afterEach(async () => {
    await Promise.all(lines.map(({ carrier }) => carrier.stop()));
    const violations = servers.flatMap((server) => server.violations.map(({ rule }) => rule));
    await Promise.all(servers.map((server) => server.close()));
    for (const { carrier, written, heard } of lines) {
      const said = JSON.stringify([written, carrier.status(), heard.onStatus]);
      expect(said, "the key must never be told").not.toContain(key);
    }
    expect(violations, "breaks of the wire page").toEqual([]);
    lines.length = 0;
    servers.length = 0;
  });

  return {
    servers,
    /** Starts the carrier that `make` makes; `react` is told what happens once it was kept. */
    start(make: (log: Log, written: Written) => Kind, react: Partial<CarrierListener> = {}): KeptLine<Kind> {
      const written: Written = [];
      const at = (level: keyof Log) => (message: string) => {
        written.push({ level, message });
      };
      const heard: Heard = {
        onCallSetup: [],
        onCallStarted: [],
        onTurn: [],
        onCallEnded: [],
        onOrderCompleted: [],
        onText: [],
        onWalkie: [],
        onApproval: [],
        onMissionNews: [],
        onStatus: [],
      };
      const to =
        <Method extends keyof CarrierListener>(method: Method) =>
        (event: Heard[Method][number]) => {
          (heard[method] as unknown[]).push(event);
          (react[method] as ((event: Heard[Method][number]) => void) | undefined)?.(event);
        };
      const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
      const carrier = make(log, written);
      const said = (level: keyof Log) =>
        written.filter((line) => line.level === level).map(({ message }) => message);
      const line = { carrier, heard, written, said };
      lines.push(line);
      carrier.start({
        onCallSetup: to("onCallSetup"),
        onCallStarted: to("onCallStarted"),
        onTurn: to("onTurn"),
        onCallEnded: to("onCallEnded"),
        onOrderCompleted: to("onOrderCompleted"),
        onText: to("onText"),
        onWalkie: to("onWalkie"),
        onApproval: to("onApproval"),
        onMissionNews: to("onMissionNews"),
        onStatus: to("onStatus"),
      });
      return line;
    },
  };
}

export const soon = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

/** Waits until the line is in this state. */
export const state = ({ carrier }: { readonly carrier: Carrier }, wanted: string) =>
  soon(() => expect(carrier.status().state).toBe(wanted));
