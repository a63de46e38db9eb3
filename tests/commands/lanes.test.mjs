// In which order suites run, and which of them side by side.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as settled } from 'node:timers/promises'
import { inLanes } from '../../scripts/lib/lanes.mjs'

/** Work that ends when it is told to: `end(name)` resolves to the names of what runs then. */
function lanes(items) {
  const running = new Map()
  const work = ({ name }) => new Promise((resolve) => running.set(name, () => resolve(name.toUpperCase())))
  const results = inLanes(items, 2, work)
  return {
    results,
    running: () => [...running.keys()].join(),
    async end(name) {
      running.get(name)()
      running.delete(name)
      await settled()
      return [...running.keys()].join()
    },
  }
}

test('two at a time, in their order', async () => {
  const { results, running, end } = lanes([{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }])
  assert.equal(running(), 'a,b')
  assert.equal(await end('b'), 'a,c')
  assert.equal(await end('a'), 'c,d')
  assert.equal(await end('d'), 'c')
  assert.equal(await end('c'), '')
  assert.deepEqual(await results, ['A', 'B', 'C', 'D'])
})

test('one that is alone has none beside it', async () => {
  const { results, running, end } = lanes([{ name: 'a' }, { name: 'b' }, { name: 'c', alone: true }, { name: 'd' }])
  assert.equal(running(), 'a,b')
  assert.equal(await end('a'), 'b')
  assert.equal(await end('b'), 'c')
  assert.equal(await end('c'), 'd')
  assert.equal(await end('d'), '')
  assert.deepEqual(await results, ['A', 'B', 'C', 'D'])
})

test('what fails is not lost', async () => {
  const work = async ({ name }) => {
    if (name === 'b') throw new Error('no')
  }
  await assert.rejects(inLanes([{ name: 'a' }, { name: 'b' }, { name: 'c' }], 2, work), /^Error: no$/)
})
