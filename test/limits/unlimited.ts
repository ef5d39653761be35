/** Settings that hold nothing back, for tests of something else: also the hour at which they run plays no part. */
import type { LimitSettings } from "../../plugin/limits/check-limits.ts";

export const unlimited: LimitSettings & {
  readonly lines: readonly never[];
  readonly allowPremiumNumbers: false;
} = {
  limits: { callsPerNumberPerDay: 1_000, cooldownMinutes: 0 },
  hours: { timezone: "UTC", quietHours: undefined, callingHours: undefined, numberTimezones: {} },
  lines: [],
  allowPremiumNumbers: false,
};
