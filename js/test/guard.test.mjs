import assert from 'node:assert/strict'
import { test } from 'node:test'

import binaryen from 'binaryen'

import { Instance } from '../../dist/guard.js'

const WAT = `(module
  (import "env" "out" (func $out))
  (memory (export "memory") 1)
  (global $after (export "after") (mut i32) (i32.const 0))
  (func (export "fine") (result i32) (i32.const 7))
  (func (export "trap") (unreachable))
  (func $deep (export "deep") (call $deep) (call $deep))
  (func (export "callOut") (result i32) (call $out) (global.set $after (i32.const 1)) (i32.const 1))
)`

const parsed = binaryen.parseText(WAT)
parsed.setFeatures(binaryen.Features.All)
const module = new WebAssembly.Module(parsed.emitBinary())

/** An instance over the module above; `out` is what its import does. */
function open(out = () => {}) {
  const deaths = []
  let raw, panic
  const instance = new Instance(
    module,
    () => deaths.push(instance.end),
    (link) => {
      raw = link({ env: { out: () => out(instance) } })
      return { ...raw, onPanic: (listener) => (panic = listener) }
    },
  )
  return { instance, deaths, raw, panic }
}

const later = () => new Promise((resolve) => setTimeout(resolve, 5))

test('a call that goes well', () => {
  const { instance } = open()
  assert.equal(
    instance.enter((glue) => glue.fine()),
    7,
  )
  assert.equal(instance.dead, false)
})

for (const [name, end] of [
  ['trap', 'ran out of memory'],
  ['deep', 'ran out of stack'],
]) {
  test(`${name} is the death of the instance, told once and in a later task`, async () => {
    const { instance, deaths } = open()
    assert.equal(
      instance.enter((glue) => glue[name]()),
      undefined,
    )
    assert.equal(instance.dead, true)
    assert.deepEqual(deaths, [])
    assert.equal(
      instance.enter((glue) => glue.fine()),
      undefined,
    )
    assert.equal(
      instance.enter((glue) => glue[name]()),
      undefined,
    )
    await later()
    assert.deepEqual(deaths, [end])
  })
}

test('a death that could not be told, since the stack was used up, is told by whoever comes next', async (t) => {
  const { instance, deaths } = open()
  const { setTimeout } = globalThis
  const full = t.mock.method(globalThis, 'setTimeout', () => {
    throw new RangeError('Maximum call stack size exceeded')
  })
  assert.throws(() => instance.enter((glue) => glue.deep()), RangeError)
  full.mock.mockImplementation(setTimeout)
  assert.equal(
    instance.enter((glue) => glue.fine()),
    undefined,
  )
  await later()
  assert.deepEqual(deaths, ['ran out of stack'])
})

test('a trap in a callback that nobody awaits is noticed and throws nothing at the page', async () => {
  const { raw, instance, deaths } = open()
  await Promise.resolve().then(() => raw.trap())
  assert.equal(instance.dead, true)
  // What comes later into the dead instance is nothing, and reads as nothing in every way the glue unpacks it.
  const answer = raw.fine()
  assert.equal(answer >>> 0, 0)
  assert.equal(answer[1], 0)
  await later()
  assert.equal(deaths.length, 1)
})

test('no frame of an instance runs on after its death further down the stack', () => {
  const { instance, raw } = open((instance) => instance.enter((glue) => glue.trap()))
  assert.equal(
    instance.enter((glue) => glue.callOut()),
    undefined,
  )
  assert.equal(instance.dead, true)
  assert.equal(raw.after.value, 0)
})

test('an exception that unwinds wasm is a death too, without a word of it', async () => {
  const { instance, deaths } = open(() => {
    throw new Error('from JavaScript')
  })
  assert.equal(
    instance.enter((glue) => glue.callOut()),
    undefined,
  )
  assert.equal(instance.dead, true)
  await later()
  assert.deepEqual(deaths, ['stopped'])
})

test('a Rust error, thrown after the export has returned, is none', () => {
  const { instance } = open()
  const fails = (glue) => {
    glue.fine()
    throw new TypeError('bad selector')
  }
  assert.throws(() => instance.enter(fails), /bad selector/)
  assert.equal(instance.dead, false)
})

test('the place of a panic is told with the death', async () => {
  const { instance, panic, deaths } = open()
  panic('src/lib.rs:1:2')
  instance.enter((glue) => glue.trap())
  await later()
  assert.deepEqual(deaths, ['stopped at src/lib.rs:1:2 (please report it)'])
})

test('a dropped instance is dead without a death', async () => {
  const { instance, deaths } = open()
  instance.drop()
  assert.equal(
    instance.enter((glue) => glue.fine()),
    undefined,
  )
  await later()
  assert.deepEqual(deaths, [])
})
