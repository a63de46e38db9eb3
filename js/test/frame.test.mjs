import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'

import { Frame } from '../../dist/frame.js'
import { turn } from '../../dist/turn.js'

/** A page whose frames come when the test says so. */
function page() {
  const frames = new Map()
  let last = 0
  globalThis.requestAnimationFrame = (run) => {
    frames.set(++last, run)
    return last
  }
  globalThis.cancelAnimationFrame = (id) => frames.delete(id)
  return () => {
    for (const [id, run] of [...frames]) {
      frames.delete(id)
      run()
    }
  }
}

afterEach(() => {
  delete globalThis.requestAnimationFrame
  delete globalThis.cancelAnimationFrame
})

test('any number of requests draw once a frame', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const frame = page()
  let drawn = 0
  const each = new Frame(() => (drawn += 1))
  each.request()
  each.request()
  assert.equal(drawn, 0)
  frame()
  assert.equal(drawn, 1)
  frame()
  t.mock.timers.tick(5000)
  assert.equal(drawn, 1)
})

test('a page that draws no frames is told by a timer, once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const frame = page()
  let drawn = 0
  new Frame(() => (drawn += 1)).request()
  t.mock.timers.tick(999)
  assert.equal(drawn, 0)
  t.mock.timers.tick(1)
  assert.equal(drawn, 1)
  frame()
  assert.equal(drawn, 1)
})

test('a request while drawing is the next frame', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const frame = page()
  let drawn = 0
  const each = new Frame(() => {
    drawn += 1
    if (drawn === 1) each.request()
  })
  each.request()
  frame()
  assert.equal(drawn, 1)
  frame()
  assert.equal(drawn, 2)
})

test('cancelled is cancelled', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const frame = page()
  const each = new Frame(() => assert.fail('drawn'))
  each.request()
  each.cancel()
  frame()
  t.mock.timers.tick(5000)
})

test('turns come in later tasks, in order', async () => {
  const order = []
  const first = turn().then(() => order.push('first'))
  const second = turn().then(() => order.push('second'))
  await Promise.resolve()
  order.push('microtask')
  await Promise.all([first, second])
  assert.deepEqual(order, ['microtask', 'first', 'second'])
})
