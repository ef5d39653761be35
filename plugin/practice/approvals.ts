// Owns the approvals of a practice account: asked for over REST, pressed by the programmable owner.
import type { ApprovalDecision } from "./clawdtalk-wire.ts";
import { PracticeError, type Waiting } from "./waiting.ts";

export interface Approval {
  readonly request_id: string;
  status: "pending" | ApprovalDecision;
  readonly action: string;
  readonly details?: string;
  readonly require_biometric: boolean;
  /** ISO 8601, UTC. */
  readonly expires_at: string;
  readonly devices_notified: number;
  readonly devices_failed: number;
}

/** The owner's phones that an approval is pushed to. */
export interface Devices {
  /** How many there are; with 0 every approval ends at once as `no_devices`. */
  registered: number;
  /** How many of them the push does not reach; when all, it ends as `no_devices_reached`. */
  failing: number;
}

interface ApprovalRequest {
  readonly action: string;
  readonly details?: string | undefined;
  readonly require_biometric: boolean;
  /** Seconds. */
  readonly expires_in: number;
}

interface ApprovalDesk {
  readonly waiting: Waiting;
  now(): number;
  newId(kind: string): string;
  /** Tells the client that asked, known by its key. */
  responded(approval: Approval, decision: ApprovalDecision, key: string): void;
}

export class Approvals {
  readonly all: Approval[] = [];
  readonly devices: Devices;
  readonly #desk: ApprovalDesk;
  readonly #askers = new Map<string, string>();

  constructor(desk: ApprovalDesk, devices: Devices) {
    this.#desk = desk;
    this.devices = devices;
  }

  /** Pushes a request to the devices; it ends by {@link press}, by time, or at once when no device is reached. */
  request({ action, details, require_biometric, expires_in }: ApprovalRequest, key: string): Approval {
    const { registered, failing } = this.devices;
    const approval: Approval = {
      request_id: this.#desk.newId("approval"),
      status: "pending",
      action,
      ...(details === undefined ? {} : { details }),
      require_biometric,
      expires_at: new Date(this.#desk.now() + expires_in * 1_000).toISOString(),
      devices_notified: Math.max(0, registered - failing),
      devices_failed: Math.min(registered, failing),
    };
    this.all.push(approval);
    this.#askers.set(approval.request_id, key);
    if (approval.devices_notified === 0) {
      const decision = registered === 0 ? "no_devices" : "no_devices_reached";
      approval.status = decision;
      // Told after the answer to the request, which is what makes the id known to the client.
      this.#desk.waiting.later(0, () => this.#desk.responded(approval, decision, key));
    } else {
      this.#desk.waiting.later(expires_in * 1_000, () => {
        if (approval.status === "pending") this.#decide(approval, "expired");
      });
    }
    this.#desk.waiting.changed();
    return approval;
  }

  /**
   * The owner presses a button.
   *
   * @throws PracticeError when there is no such request, or it is not pending any more.
   */
  press(requestId: string, decision: ApprovalDecision): void {
    const approval = this.find(requestId);
    if (!approval) throw new PracticeError(`There is no approval request ${requestId}.`);
    if (approval.status !== "pending") {
      throw new PracticeError(`Approval request ${requestId} is already ${approval.status}.`);
    }
    this.#decide(approval, decision);
  }

  find(requestId: string): Approval | undefined {
    return this.all.find((approval) => approval.request_id === requestId);
  }

  #decide(approval: Approval, decision: ApprovalDecision): void {
    approval.status = decision;
    this.#desk.responded(approval, decision, this.#askers.get(approval.request_id) ?? "");
  }
}
