// Owns which of the faults a practice server was told to make hits a request.

/** What goes wrong with the next requests to a path. */
export interface RouteFault {
  /** Path without the query, as in `/v1/messages/send`, or a pattern for it. */
  readonly path: string | RegExp;
  readonly method?: string;
  /** How many requests are hit; counted down as they come. */
  times: number;
  /** How many are served well before; counted down as they come. */
  after?: number;
}

/** Takes the fault for this request, counting it down; `undefined` when the request is to be served well. */
export function takeRouteFault<Fault extends RouteFault>(
  faults: readonly Fault[],
  { method, path }: { readonly method: string; readonly path: string },
): Fault | undefined {
  const fault = faults.find(
    (candidate) =>
      candidate.times > 0 &&
      (candidate.method === undefined || candidate.method === method) &&
      (typeof candidate.path === "string" ? candidate.path === path : candidate.path.test(path)),
  );
  if (fault?.after) {
    fault.after -= 1;
    return undefined;
  }
  if (fault) fault.times -= 1;
  return fault;
}
