// The panel of throughput and memory: there when asked for, and true.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

/** Runs in the page: what the panel says. */
function figures() {
  const all = [...document.querySelectorAll('.figure')]
  return Object.fromEntries(all.map((each) => ['dt', 'dd'].map((part) => each.querySelector(part).textContent)))
}

async function until(demo, holds, what, limit = 20_000) {
  let found
  for (const end = Date.now() + limit; Date.now() < end; await demo.page.waitForTimeout(100)) {
    found = await demo.page.evaluate(figures)
    if (holds(found)) return found
  }
  return assert.fail(`never ${what}: ${JSON.stringify(found)}`)
}

test('events and bytes a second, rows, memory, the time to a snapshot; gone when it is closed', async (t) => {
  const fake = await Fake.start(t, { pods: 500 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  const button = demo.page.getByRole('button', { name: 'Measure' })
  const panel = demo.page.getByRole('region', { name: 'Throughput and memory' })
  assert.equal(await panel.count(), 0)
  const grid = demo.page.getByRole('grid')
  const before = await grid.boundingBox()
  await button.click()
  assert.equal(await button.getAttribute('aria-expanded'), 'true')
  const after = await grid.boundingBox()
  assert.ok(before.height - after.height < 80, 'it is not in the way')

  const quiet = await until(demo, (now) => now.Events === '0/s', 'quiet')
  assert.equal(quiet.Rows, '500')
  assert.equal(quiet.Received, '0 B/s')
  // All pods, and the bookmark.
  assert.equal(quiet['Events so far'], '501')
  assert.match(quiet['Memory of the core'], /^\d+(\.\d)? MB$/)
  assert.match(quiet['Last snapshot'], /^[\d.]+ m?s$/)

  // What is received is shown for a second: noted in the page, which whoever asks may be too late for.
  await demo.page.evaluate(`{
    const figures = ${figures}
    globalThis.shown = []
    setInterval(() => globalThis.shown.push(figures()), 100)
  }`)
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'burst', count: 200 })
  const noted = await demo.page.waitForFunction(() =>
    globalThis.shown.find((now) => now.Rows === '700' && /^[1-9]/.test(now.Received)),
  )
  const busy = await noted.jsonValue()
  assert.match(busy.Received, /^[\d.]+ (kB|MB)\/s$/)
  assert.match(busy.Events, /^\d+(\.\d)?\/s$/)
  await until(demo, (now) => now['Events so far'] === '701', 'all events')
  assert.ok(await demo.page.locator('.figure polyline').first().getAttribute('points'))

  await button.press('Enter')
  await panel.waitFor({ state: 'detached' })
  assert.deepEqual(await grid.boundingBox(), before)
})
