// Owns what a REST route of the ClawdTalk practice server is: a path, strict input, an answer or a refusal.
import { z } from "zod";
import type { Approvals } from "./approvals.ts";
import type { Calls } from "./clawdtalk-calls.ts";
import type { ClawdTalkFaults } from "./clawdtalk-faults.ts";
import type { Missions } from "./clawdtalk-missions.ts";
import type { ClawdTalkRecord } from "./clawdtalk-record.ts";
import type { TextMessages } from "./text-messages.ts";
import type { Waiting } from "./waiting.ts";

interface Account {
  readonly ownerNumber: string;
  readonly systemNumber: string;
  readonly dedicatedNumber: string | undefined;
  readonly tier: string;
  readonly phoneVerified: boolean;
}

/** What the REST half needs from the server. */
export interface RestLine {
  readonly account: Account;
  readonly keys: readonly string[];
  readonly faults: ClawdTalkFaults;
  readonly waiting: Waiting;
  readonly record: ClawdTalkRecord;
  readonly calls: Calls;
  readonly messages: TextMessages;
  readonly approvals: Approvals;
  readonly missions: Missions;
  /** What the service's own doctor answers, by kind ("critical"); what is missing is not offered. */
  readonly doctor: Readonly<Record<string, unknown>>;
  now(): number;
  newId(kind: string): string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A request the service would not carry out. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get answer(): Answer {
    return { status: this.status, body: { error: { code: this.code, message: this.message } } };
  }
}

/** @throws Refusal always. */
export function missing(what: string): never {
  throw new Refusal(404, "not_found", `There is no ${what}.`);
}

/** What the path names: `:id`, `:run`, … */
export type PathNames = Readonly<Record<string, string>>;

interface RouteInput<Body, Query> {
  readonly line: RestLine;
  readonly body: Body;
  readonly query: Query;
  /** The id in the path, for paths that have one. */
  readonly id: string;
  readonly names: PathNames;
  readonly key: string;
}

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  run(line: RestLine, request: { body: unknown; query: unknown; names: PathNames; key: string }): Answer;
}

/** A route whose input is parsed before it runs. `:name` stands for one path segment; without input it takes none. */
export function route<Body extends z.ZodType = typeof nothing, Query extends z.ZodType = typeof nothing>(
  method: string,
  path: string,
  input: { readonly body?: Body; readonly query?: Query },
  run: (input: RouteInput<z.infer<Body>, z.infer<Query>>) => Answer,
): Route {
  return {
    method,
    path: new RegExp(`^/v1${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`),
    run: (line, { body, query, names, key }) =>
      run({
        line,
        id: names.id ?? "",
        names,
        key,
        body: strictly(input.body ?? nothing, body, "body") as z.infer<Body>,
        query: strictly(input.query ?? nothing, query, "query") as z.infer<Query>,
      }),
  };
}

function strictly<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") || where;
  throw new Refusal(400, "invalid_request", `${field}: ${issue?.message ?? "not understood"}`);
}

const nothing = z.strictObject({});

export const ok = (body: unknown): Answer => ({ status: 200, body });
