import type { KubernetesReason, Reason } from './types.js'

/**
 * Why something went wrong. `code` is the API and stays; `message` is for people and may change.
 *
 * Codes about servers are listed in `docs/SPEC.md`. Those of the package itself:
 *
 * - `core-crashed`: the wasm instance died: of a bug (the message says where; please report it), or since memory or the stack ran out.
 *   All watches of the client go on by themselves with a fresh instance and a new snapshot, after 250 ms, then ever later, up to 30 s;
 *   `retry()` does not wait. Rows stay, marked stale. What was pending (`indexOf`) rejects with it; `changes()` goes on with a snapshot.
 * - `closed`: the watch or the view was closed.
 * - `unsupported`: the request asks for what is not there yet.
 * - `invalid-view`: options of a view that cannot be applied (in `ViewSnapshot.error`).
 * - `memory-limit`: an order or a reader of changes does not fit under the cap on memory; the rows themselves: `capacity`.
 * - `wasm-not-found`, `wasm-not-wasm`, `wasm-unreachable`, `wasm-invalid`, `csp`, `unsupported-engine`: the module could not be
 *   loaded; the message names what to change.
 * - `no-memory`: the browser has no memory for another instance; close other clients or pages, then `retry()`.
 * - `internal`: a bug.
 *
 * Nothing in here holds a URL, a header, a token or a body: what Kubernetes itself said in a `Status` is all that is passed on.
 */
export class WatchError extends Error {
  override readonly name = 'WatchError'
  readonly code: string
  readonly httpStatus?: number
  readonly kubernetes?: KubernetesReason

  constructor(reason: Reason) {
    super(reason.message)
    this.code = reason.code
    if (reason.httpStatus !== undefined) this.httpStatus = reason.httpStatus
    if (reason.kubernetes !== undefined) this.kubernetes = reason.kubernetes
  }
}

/** The same, as it stands in a status. */
export function reasonOf(error: unknown): Reason {
  if (!(error instanceof WatchError))
    return { code: 'internal', message: 'Something went wrong inside kube-watchlist.' }
  return {
    code: error.code,
    message: error.message,
    ...(error.httpStatus !== undefined && { httpStatus: error.httpStatus }),
    ...(error.kubernetes !== undefined && { kubernetes: error.kubernetes }),
  }
}
