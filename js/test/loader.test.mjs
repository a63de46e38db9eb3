/** A page compiles a module once, however many clients there are and however often they come and go. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { afterEach, test } from 'node:test'

import { createClient as createInline } from '../../dist/inline.js'
import { createClient } from '../../dist/node.js'
import { lines, Stream } from './recorded.mjs'

const bytes = readFileSync(new URL('../../dist/kube_watchlist_bg.wasm', import.meta.url))
const PODS = { version: 'v1', resource: 'pods', namespaces: ['shop'] }
const recording = lines('1.37/pods-watchlist-table.http')

const opened = []
afterEach(() => {
  for (const client of opened.splice(0)) client.close()
})

/** Opens a table of a new client and waits until it has rows. */
async function synced(options = {}, create = createClient) {
  const fetch = async (_url, init) => new Stream(recording).response(init)
  const client = create({ baseUrl: 'https://api.example', fetch, ...options })
  opened.push(client)
  const pods = client.watchTable(PODS)
  await pods.synced
  return { client, pods }
}

test("an entry's own module: a failure is not kept, a success is, for other clients and later ones", async (t) => {
  const compile = t.mock.method(WebAssembly, 'compile')
  compile.mock.mockImplementationOnce(() => Promise.reject(new Error('not this time')))
  await assert.rejects(synced(), { code: 'wasm-invalid' })
  const [{ client }] = await Promise.all([synced(), synced()])
  assert.equal(compile.mock.callCount(), 2)
  client.close()
  await synced()
  for (const other of opened.splice(0)) other.close()
  await synced()
  assert.equal(compile.mock.callCount(), 2)
  // Another entry has a module of its own.
  await synced({}, createInline)
  await synced({}, createInline)
  assert.equal(compile.mock.callCount(), 3)
})

test('a module that the caller gives: once for each source, whichever client asks', async (t) => {
  const compile = t.mock.method(WebAssembly, 'compile')
  const fetch = t.mock.method(globalThis, 'fetch', async () => new Response(bytes))
  const module = new WebAssembly.Module(bytes)
  const [response, href] = [new Response(bytes), 'https://assets.example/a.wasm']
  const once = async (sources, fetches, compilations) => {
    const before = [fetch.mock.callCount(), compile.mock.callCount()]
    for (const wasm of sources) await synced({ wasm })
    const after = [fetch.mock.callCount(), compile.mock.callCount()]
    assert.deepEqual([after[0] - before[0], after[1] - before[1]], [fetches, compilations])
  }
  await once([href, new URL(href), new URL(href)], 1, 1)
  await once([new URL('https://assets.example/b.wasm')], 1, 1)
  await once([module, module], 0, 0)
  // A body can be read once.
  await once([response, response], 0, 1)
  await once([bytes, bytes, Uint8Array.from(bytes)], 0, 2)
})
