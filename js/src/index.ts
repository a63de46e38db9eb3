/**
 * A live, consistent table of any Kubernetes resource, in the browser.
 *
 * Importing has no side effect; the wasm module beside this file is loaded when the first table is opened.
 */
import { clientOf } from './client.js'
import type { Client, ClientOptions } from './types.js'
import { beside } from './wasm.js'

export * from './exports.js'

/** A client of one API server. */
export function createClient(options: ClientOptions): Client {
  return clientOf(options, beside)
}
