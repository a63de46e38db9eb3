// What stands where rows would: why there are none, in the server's own words, what to do, and that doing it helps.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

const pods = { path: '/pods' }

async function open(t, faults, { hash = '', ...options } = {}) {
  const fake = await Fake.start(t, { pods: 20, ...options })
  for (const fault of faults) await fake.fault(fault)
  const demo = await Demo.open(t, fake, { hash, ...options })
  const notice = demo.page.locator('.notice')
  const again = notice.getByRole('button', { name: 'Try again' })
  return { fake, demo, notice, again }
}

/** What is wrong is mended, and the button brings the rows. */
async function helps({ fake, demo, again }) {
  await fake.mend()
  await again.click()
  await demo.until(({ phase, rows }) => phase === 'live' && rows === 20, 'live')
}

test('signed out', async (t) => {
  const world = await open(t, [{ kind: 'unauthorized', match: pods }])
  await world.demo.phase('auth')
  await world.notice.getByRole('heading', { name: 'Signed out' }).waitFor()
  assert.match(
    await world.notice.textContent(),
    /The server does not know you \(HTTP 401\).*Unauthorized.*Sign in again/,
  )
  await helps(world)
})

test('forbidden', async (t) => {
  const world = await open(t, [{ kind: 'forbidden', user: 'jane', match: pods }])
  await world.demo.phase('failed')
  assert.match(
    await world.notice.textContent(),
    /You may not watch this \(HTTP 403\).*User "jane" cannot \w+ resource "pods".*Choose a namespace that you may read, or ask for the right to list and watch pods/,
  )
  await helps(world)
})

test('no such resource', async (t) => {
  const { demo, notice } = await open(t, [], { hash: '#/v1/unicorns' })
  await demo.phase('failed')
  assert.match(
    await notice.textContent(),
    /no such resource \(HTTP 404\).*the server could not find the requested resource.*Choose another resource/,
  )
})

test('a server that is not available: when it is tried again, and that one may try at once', async (t) => {
  const world = await open(t, [{ kind: 'unavailable', retryAfter: 60, match: pods }])
  const status = await world.demo.until(({ notice }) => /Not connected/.test(notice), 'the notice')
  assert.match(status.notice, /The server is not available \(HTTP 503\)/)
  assert.match(status.notice, /tried again by itself/)
  assert.match(status.notes, /Next try in \d+ s/)
  await helps(world)
})

test('a server that is gone', async (t) => {
  const { fake, demo, notice } = await open(t, [])
  await demo.phase('live')
  await fake.stop()
  // Rows that were there stay, and are called old.
  const old = await demo.until(({ stale, notes }) => stale && /cannot be reached/.test(notes), 'old rows')
  assert.equal(old.rows, 20)
  assert.match(old.notes, /stale since/)
  // And where there were none, it says so.
  await demo.page.evaluate(() => location.assign('#/v1/services'))
  await demo.until(({ notice }) => /Not connected/.test(notice), 'the notice')
  assert.match(await notice.textContent(), /The server cannot be reached.*does the server run.*network, VPN and proxy/)
  // A try takes a moment, in which no other is announced.
  await demo.until(({ notes }) => /Next try in|Trying again/.test(notes), 'the next try')
})

test('after a sleep it does not say live before it is', async (t) => {
  const watchlist = { request: 'watchlist', path: '/pods' }
  // The stream dies in silence, as one does while a machine sleeps, and on waking there is no network yet.
  const { fake, demo } = await open(t, [{ kind: 'stall', events: 21, match: watchlist, times: 1 }], { clock: true })
  await demo.phase('live')
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'unheard' })
  await fake.fault({ kind: 'hang', match: pods })
  assert.equal((await demo.status()).phase, 'live')
  await demo.page.evaluate(() => {
    globalThis.steps = []
  })
  await demo.page.clock.fastForward('02:00:00')
  const woken = await demo.until(({ phase }) => phase !== 'live', 'not live', 4_000)
  assert.equal(woken.rows, 20)
  assert.equal(woken.stale, true)
  assert.match(woken.notes, /stale since/)
  for (const end = Date.now() + 3000; Date.now() < end; await sleep(50))
    assert.notEqual((await demo.status()).phase, 'live', JSON.stringify(await demo.steps()))
  await fake.mend()
  await demo.until(
    ({ phase, rows, stale }) => phase === 'live' && rows === 21 && !stale,
    'live with what was missed',
    30_000,
  )
})

test('nor after a sleep of seconds: no stream is known to have outlived it', async (t) => {
  const watchlist = { request: 'watchlist', path: '/pods' }
  const { fake, demo } = await open(t, [{ kind: 'stall', events: 21, match: watchlist, times: 1 }])
  await demo.phase('live')
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'unheard' })
  await fake.fault({ kind: 'hang', match: pods })
  assert.equal((await demo.status()).phase, 'live')
  // As Chromium's clocks do it: one stands still while the machine sleeps.
  await demo.page.evaluate(() => {
    const now = Date.now
    Date.now = () => now() + 5_000
  })
  // The clocks are compared every five seconds.
  const woken = await demo.until(({ phase }) => phase !== 'live', 'not live', 12_000)
  assert.equal(woken.rows, 20)
  assert.equal(woken.stale, true)
  await fake.mend()
  await demo.until(({ phase, rows, stale }) => phase === 'live' && rows === 21 && !stale, 'live again', 30_000)
})

test('a page that was frozen learns what it missed, and does not say live before', async (t) => {
  const { fake, demo } = await open(t, [])
  await demo.phase('live')
  const devtools = await demo.page.context().newCDPSession(demo.page)
  await demo.page.evaluate(() => {
    globalThis.gap = 0
    let last = performance.now()
    setInterval(() => {
      globalThis.gap = Math.max(globalThis.gap, performance.now() - last)
      last = performance.now()
    }, 20)
  })
  const frozen = new Promise((resolve) => devtools.once('Debugger.paused', resolve))
  await devtools.send('Debugger.enable')
  await devtools.send('Debugger.pause')
  await frozen
  await fake.fault({ kind: 'unavailable', match: pods })
  await fake.restart()
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'unheard' })
  await sleep(2000)
  await devtools.send('Debugger.resume')
  await devtools.send('Debugger.disable')
  await demo.page.waitForFunction(() => globalThis.gap > 1500)
  const woken = await demo.until(({ phase }) => phase !== 'live', 'not live', 4_000)
  assert.equal(woken.rows, 20)
  await demo.until(({ stale, notes }) => stale && /not available \(HTTP 503\)/.test(notes), 'old, and why')
  await fake.mend()
  // It tries again by itself, within seconds.
  await demo.until(
    ({ phase, rows, stale }) => phase === 'live' && rows === 21 && !stale,
    'live with what was missed',
    40_000,
  )
})
