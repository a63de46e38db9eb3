/** What is published: its entries, its one module, its size. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { glueFactory } from '../../scripts/glue.mjs'

const root = join(import.meta.dirname, '..', '..')
const dist = join(root, 'dist')
const read = (name) => readFileSync(join(dist, name), 'utf8')

/** The files that an entry loads. */
function graph(entry, seen = new Set()) {
  if (seen.has(entry)) return seen
  seen.add(entry)
  for (const [, name] of read(entry).matchAll(/from\s*['"]\.\/([^'"]+)['"]/g)) graph(name, seen)
  return seen
}

test('one literal names the wasm module, in the form that bundlers look for, and nothing else asks where it is', () => {
  const uses = readdirSync(dist)
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => [...read(name).matchAll(/^.*import\.meta.*$/gm)].map(([line]) => line.trim()))
  assert.deepEqual(uses, ["return new URL('./kube_watchlist_bg.wasm', import.meta.url);"])
})

test('importing has no side effect', async (t) => {
  t.mock.method(globalThis, 'fetch', () => assert.fail('fetched on import'))
  const instantiate = t.mock.method(WebAssembly, 'Instance')
  const before = Object.getOwnPropertyNames(globalThis).length
  for (const entry of ['index.js', 'inline.js', 'node.js']) {
    const { createClient, WatchError } = await import(join(dist, entry))
    assert.equal(typeof createClient, 'function')
    assert.equal(typeof WatchError, 'function')
    createClient({ baseUrl: '/' }).close()
  }
  assert.equal(instantiate.mock.callCount(), 0)
  assert.equal(Object.getOwnPropertyNames(globalThis).length, before)
})

test('the inline entry needs no file, the browser entry no Node', () => {
  const inline = graph('inline.js')
  assert.ok(inline.has('wasm-base64.js'))
  assert.ok(!inline.has('wasm.js'))
  const browser = graph('index.js')
  for (const name of browser) assert.doesNotMatch(read(name), /from\s*['"](node:|[^.'"])/, name)
  assert.ok(!browser.has('wasm-base64.js'))
})

test('the inline module is the module', () => {
  const [, base64] = /'([^']+)'/.exec(read('wasm-base64.js'))
  assert.deepEqual(Buffer.from(base64, 'base64'), readFileSync(join(dist, 'kube_watchlist_bg.wasm')))
})

test('the module knows no path of the machine that built it, and uses vectors', () => {
  const bytes = readFileSync(join(dist, 'kube_watchlist_bg.wasm'))
  const text = bytes.toString('latin1')
  for (const path of [homedir(), root, '.cargo/registry', '.rustup', 'registry/src'])
    assert.ok(!text.includes(path), path)
  assert.ok(WebAssembly.validate(bytes))
  assert.ok(text.includes('simd128'), 'the list of target features')
})

test('another version of the glue fails the build', () => {
  const glue = readFileSync(join(root, '.cache/build/kube_watchlist.js'), 'utf8')
  assert.match(glueFactory(glue), /^export function instantiate\(link\)/m)
  assert.throws(() => glueFactory(''), /exports nothing/)
  assert.throws(() => glueFactory(glue.replace('function initSync', 'function initNow')), /changed/)
  assert.throws(() => glueFactory(`import './snippet.js'\n${glue}`), /imports or exports/)
})

test('the lock file leaves open which registry is asked', () => {
  assert.doesNotMatch(readFileSync(join(root, 'package-lock.json'), 'utf8'), /"resolved"/)
})
