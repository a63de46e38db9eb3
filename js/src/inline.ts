/** The same package with the wasm module inside the script, for bundlers that copy no assets and for single-file pages. */
import { clientOf } from './client.js'
import type { Client, ClientOptions } from './types.js'
import { base64 } from './wasm-base64.js'

export * from './exports.js'

/** A client of one API server. */
export function createClient(options: ClientOptions): Client {
  return clientOf(options, decode)
}

function decode(): Uint8Array<ArrayBuffer> {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index)
  return bytes
}
