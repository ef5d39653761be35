/**
 * Owns where the owner's words go: the session every other channel would use for the owner, under the
 * gateway's `session.scope`, `session.dmScope`, bindings and agents.
 */
import type { OpenClawConfig, PluginRuntime } from "openclaw/plugin-sdk/core";
import type { SpeakerSession } from "./sessions.ts";

export interface OwnerRoute {
  /** Where the owner speaks and writes. */
  readonly session: SpeakerSession & { readonly tier: "owner" };
  /** The agent's root session: outcomes and results are told there. */
  readonly mainSessionKey: string;
}

/**
 * `ownerNumber` is the peer id under a per-peer `dmScope`: a carrier's call event names no number, so voice and
 * texts share a session only when both use the configured one. `agentId` (config) wins over bindings.
 */
export function ownerRoute(
  runtime: PluginRuntime,
  parameters: { line: string; ownerNumber?: string | undefined; agentId?: string | undefined },
): OwnerRoute {
  const config = runtime.config.current() as OpenClawConfig;
  const peer = { kind: "direct" as const, id: parameters.ownerNumber ?? "owner" };
  const route = runtime.channel.routing.resolveAgentRoute({
    cfg: config,
    channel: "phone",
    accountId: parameters.line,
    peer,
  });
  const agentId = parameters.agentId ?? route.agentId;
  if (config.session?.scope === "global") {
    return { session: { tier: "owner", agentId, sessionKey: "global" }, mainSessionKey: "global" };
  }
  const sessionKey =
    agentId === route.agentId
      ? route.sessionKey
      : runtime.channel.routing.buildAgentSessionKey({
          agentId,
          channel: "phone",
          accountId: parameters.line,
          peer,
          ...(route.dmScope === undefined ? {} : { dmScope: route.dmScope }),
          ...(config.session?.identityLinks === undefined
            ? {}
            : { identityLinks: config.session.identityLinks }),
        });
  return { session: { tier: "owner", agentId, sessionKey }, mainSessionKey: `agent:${agentId}:main` };
}
