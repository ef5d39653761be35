// Owns the assistants of a ClawdTalk practice account, and its numbers, which are connected to them.
import type { AssistantInput } from "./clawdtalk-missions-wire.ts";
import { missing } from "./clawdtalk-routes.ts";
import type { Clock } from "./driven-clock.ts";

export interface PracticeAssistant extends AssistantInput {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly created_at: string;
}

export interface PracticeNumber {
  readonly id: string;
  readonly phone_number: string;
  connection_id: string | null;
}

interface Desk {
  readonly clock: Clock;
  newId(kind: string): string;
  readonly dedicatedNumber: string | undefined;
}

export class Assistants {
  readonly all: PracticeAssistant[] = [];
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  create(given: AssistantInput): PracticeAssistant {
    const assistant = {
      id: this.#desk.newId("assistant"),
      ...given,
      created_at: new Date(this.#desk.clock.now()).toISOString(),
    };
    this.all.push(assistant);
    return assistant;
  }

  find(id: string): PracticeAssistant {
    return this.all.find((assistant) => assistant.id === id) ?? missing(`assistant ${id}`);
  }

  update(id: string, changed: object): PracticeAssistant {
    return Object.assign(this.find(id), changed);
  }

  remove(id: string): void {
    this.all.splice(this.all.indexOf(this.find(id)), 1);
  }

  /** Null where the assistant does not have the feature. */
  connectionId(id: string, feature: "telephony" | "messaging"): string | null {
    return this.find(id).enabled_features.includes(feature) ? `connection_${feature}_${id}` : null;
  }

  /** One page, the newest first. */
  list({ pageSize, page, name = "" }: { pageSize: number; page: number; name?: string | undefined }) {
    const fitting = this.all
      .filter((assistant) => assistant.name.toLowerCase().includes(name.toLowerCase()))
      .reverse();
    return {
      assistants: fitting.slice((page - 1) * pageSize, page * pageSize),
      meta: { total: fitting.length, total_pages: Math.max(1, Math.ceil(fitting.length / pageSize)) },
    };
  }
}

export class Numbers {
  /** The account's own number is the first, if it has one. */
  readonly all: PracticeNumber[] = [];
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
    if (desk.dedicatedNumber !== undefined) this.add(desk.dedicatedNumber);
  }

  /** The account gets a further number. */
  add(phoneNumber: string): PracticeNumber {
    const number = { id: this.#desk.newId("phone"), phone_number: phoneNumber, connection_id: null };
    this.all.push(number);
    return number;
  }

  assign(id: string, connectionId: string): PracticeNumber {
    const found = this.all.find((number) => number.id === id) ?? missing(`number ${id}`);
    found.connection_id = connectionId;
    return found;
  }

  /** The first that is connected to nothing. */
  get available(): PracticeNumber | undefined {
    return this.all.find(({ connection_id }) => connection_id === null);
  }
}
