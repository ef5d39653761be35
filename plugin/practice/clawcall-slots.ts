// Owns the response slots of the ClawCall practice server: one per call, taken over by the newest message, so that
// whatever is posted next counts as the answer to that one.
import type { PracticeLine } from "./clawcall-line.ts";
import type { ClawCallMessage } from "./clawcall-record.ts";

export interface SlotAnswer {
  readonly response: string;
  readonly endCall: boolean;
}

interface Slot {
  readonly message: ClawCallMessage;
  /** Speaks the answer; false when nobody hears it. */
  readonly take: (answer: SlotAnswer) => boolean;
  touchedAt: number;
  answered: boolean;
}

export class Slots {
  readonly #line: PracticeLine;
  readonly #slots = new Map<string, Slot>();

  constructor(line: PracticeLine) {
    this.#line = line;
  }

  /** From now on this message is what an answer to its call is taken for. */
  open(message: ClawCallMessage, take: (answer: SlotAnswer) => boolean): void {
    this.#slots.set(message.callSid, { message, take, touchedAt: this.#line.now(), answered: false });
  }

  /** The call is over: there is nothing to answer any more. */
  clear(callSid: string): void {
    this.#slots.delete(callSid);
  }

  /** Takes an answer for the newest message of the call; false when there is no slot. */
  answer(callSid: string, answer: SlotAnswer): boolean {
    const { record, now, timings } = this.#line;
    const slot = this.#slots.get(callSid);
    if (!slot || now() - slot.touchedAt > timings.slotLifeMs) {
      this.#slots.delete(callSid);
      record.answered({ callSid, ...answer, status: 404, takenFor: undefined });
      return false;
    }
    const { message, answered } = slot;
    if (message.kind === "notification") {
      record.breach("notification_answered", `${callSid} is a notice; nobody waits for an answer.`, answer);
    } else if (answered) {
      record.breach("answered_twice", `The message ${message.id} of ${callSid} was answered before.`, answer);
    } else if (message.deliveredAt === undefined && !message.lost) {
      record.breach(
        "late_answer",
        `The answer was taken for the message ${message.id} of ${callSid}, which nobody has been given yet.`,
        answer,
      );
    }
    slot.answered = true;
    slot.touchedAt = now();
    const noted = record.answered({ callSid, ...answer, status: 200, takenFor: message });
    noted.heard = !answered && slot.take(answer);
    return true;
  }
}
