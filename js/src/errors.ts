import type { KubernetesReason, Reason } from './types.js'

/**
 * Why something went wrong. `code` is the API and stays; `message` is for people and may change.
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
