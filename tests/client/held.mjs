/** What a page holds, by the DevTools protocol, after garbage was collected. */

import assert from 'node:assert/strict'

const sessions = new WeakMap()

/** Bytes of the JavaScript heap, listeners of the DOM, and objects by the name of their class. */
export async function held(page, classes = ['WebAssembly.Memory']) {
  if (!sessions.has(page)) sessions.set(page, await page.context().newCDPSession(page))
  const session = sessions.get(page)
  await session.send('Performance.enable')
  await session.send('HeapProfiler.enable')
  // Finalizers run in tasks of their own, and what they let go of is garbage again.
  for (let round = 0; round < 3; round += 1) {
    await session.send('HeapProfiler.collectGarbage')
    await page.evaluate(() => probe.sleep(20))
  }
  const objects = {}
  for (const name of classes) objects[name] = await count(session, `${name}.prototype`)
  await session.send('HeapProfiler.collectGarbage')
  const { metrics } = await session.send('Performance.getMetrics')
  const metric = (name) => metrics.find((entry) => entry.name === name).value
  return { bytes: metric('JSHeapUsedSize'), listeners: metric('JSEventListeners'), objects }
}

/**
 * What `measure()` says, as soon as nothing is said to be `left` in it: on a busy machine what was let go of last may still be
 * going, held by a task or by code that is compiled, and a leak stays.
 */
export async function whenGone(measure, left) {
  for (let tries = 0; ; tries += 1) {
    const measured = await measure()
    if (!left(measured) || tries === 20) return measured
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Asserts how many objects of each class the page holds, when those that it let go of are gone. */
export async function assertHeld(page, expected) {
  const exceeds = ({ objects }) => Object.entries(expected).some(([name, count]) => objects[name] > count)
  const { objects } = await whenGone(() => held(page, Object.keys(expected)), exceeds)
  assert.deepEqual(objects, expected)
}

/** How many objects have this prototype. */
async function count(session, expression) {
  const objectGroup = 'held'
  const { result } = await session.send('Runtime.evaluate', { expression, objectGroup })
  const { objects } = await session.send('Runtime.queryObjects', { prototypeObjectId: result.objectId, objectGroup })
  const { result: length } = await session.send('Runtime.callFunctionOn', {
    objectId: objects.objectId,
    functionDeclaration: 'function () { return this.length }',
    returnByValue: true,
  })
  await session.send('Runtime.releaseObjectGroup', { objectGroup })
  return length.value
}
