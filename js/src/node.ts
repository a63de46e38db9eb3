/** The same package for Node, whose `fetch` reads no files. */
import { readFile } from 'node:fs/promises'

import { clientOf } from './client.js'
import type { Client, ClientOptions } from './types.js'
import { beside } from './wasm.js'

export * from './exports.js'

/** A client of one API server. */
export function createClient(options: ClientOptions): Client {
  return clientOf(options, read)
}

async function read(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(beside()))
}
