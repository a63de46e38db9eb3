import assert from 'node:assert/strict'
import { test } from 'node:test'

import { compile } from '../../dist/module.js'

const EMPTY = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])
const answer = (body, type, status = 200) =>
  new Response(body, { status, headers: type === undefined ? {} : { 'content-type': type } })
const refusal = (code, words) => (error) => {
  assert.equal(error.name, 'WatchError')
  assert.equal(error.code, code)
  assert.match(error.message, words)
  return true
}

test('compiles what the caller has', async () => {
  const module = new WebAssembly.Module(EMPTY)
  assert.equal(await compile(module), module)
  for (const source of [
    EMPTY,
    EMPTY.buffer,
    answer(EMPTY, 'application/wasm'),
    answer(EMPTY, 'Application/WASM; charset=x'),
  ]) {
    assert.ok((await compile(source)) instanceof WebAssembly.Module)
  }
})

test('a server with the wrong type for the right bytes is good enough', async () => {
  assert.ok((await compile(answer(EMPTY, 'application/octet-stream'))) instanceof WebAssembly.Module)
})

test('a page instead of the module names the line to add', async () => {
  await assert.rejects(
    compile(answer('<!doctype html>', 'text/html')),
    refusal('wasm-not-wasm', /text\/html.*optimizeDeps: \{ exclude: \['kube-watchlist'\] \}/),
  )
})

test('a missing file names the line to add', async () => {
  await assert.rejects(compile(answer('gone', 'text/plain', 404)), refusal('wasm-not-found', /404.*optimizeDeps/))
})

test('damaged bytes are refused', async () => {
  await assert.rejects(compile(EMPTY.subarray(0, 6)), refusal('wasm-invalid', /could not be compiled/))
  await assert.rejects(compile(answer('<html>', 'application/wasm')), refusal('wasm-invalid', /could not be compiled/))
})

test("a policy without 'wasm-unsafe-eval' is told from a damaged file", async (t) => {
  const words =
    "Refused to compile or instantiate WebAssembly module because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source of script"
  t.mock.method(WebAssembly, 'compile', async () => {
    throw new WebAssembly.CompileError(words)
  })
  await assert.rejects(compile(EMPTY), refusal('csp', /'wasm-unsafe-eval' to its script-src/))
})

test('an engine without 128-bit vectors is told so', async (t) => {
  t.mock.method(WebAssembly, 'validate', () => false)
  await assert.rejects(compile(EMPTY), refusal('unsupported-engine', /SIMD/))
})

test('the probe is a valid module that needs vectors', async (t) => {
  const validate = t.mock.method(WebAssembly, 'validate')
  await compile(EMPTY)
  const [probe] = validate.mock.calls[0].arguments
  assert.equal(validate.mock.calls[0].result, true)
  // The vector instruction is what makes it one: with its prefix broken nothing is left that could be valid by chance.
  const without = Uint8Array.from(probe)
  without[without.indexOf(0xfd)] = 0xff
  assert.equal(WebAssembly.validate(without), false)
})
