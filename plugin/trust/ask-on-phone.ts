/** Owns asking the owner on their phone from within the gateway: over a line, with a store of its own for the time. */
import type { CallSettings } from "../calls/request-call.ts";
import { ClawdTalkRest } from "../carriers/clawdtalk/rest.ts";
import type { UsableLine } from "../config/choose-line.ts";
import { secretsOf } from "../config/redaction.ts";
import { withStore } from "../store/database.ts";
import { packageVersion } from "../version.ts";
import { type ApprovalWish, requestApproval } from "./approvals.ts";

/** As {@link requestApproval}. */
export async function askOnPhone(
  wish: ApprovalWish,
  line: UsableLine<"clawdtalk">,
  { config, stateFolder }: CallSettings,
  signal?: AbortSignal,
): ReturnType<typeof requestApproval> {
  const { apiUrl, apiKey } = line;
  const rest = new ClawdTalkRest({ apiUrl, apiKey, version: packageVersion() });
  const secrets = secretsOf(config);
  return await withStore({ stateFolder }, (store) =>
    requestApproval(wish, { line, rest, store, secrets, signal }),
  );
}
