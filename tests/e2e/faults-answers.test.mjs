// The demo page before a server that refuses, each time in another way: rows stay, and the status says why and what to do.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deadlyAnswer } from '../common/deadly-answer.mjs'
import { closeBrowser } from './lib/demo.mjs'
import { neverShowedAPart, open, pods, provesLive, saidOld, slowly } from './lib/faults.mjs'

after(closeBrowser)

test('429 with Retry-After: waits as long as asked, and says so', async (t) => {
  const { fake, demo } = await open(t, [
    { kind: 'too-many-requests', retryAfter: 4, times: 2, match: { path: '/pods' } },
  ])
  const waiting = await demo.until((status) => /Next try in \d s/.test(status.notes), 'waiting with a countdown')
  assert.notEqual(waiting.phase, 'live')
  assert.equal(waiting.rows, 0)
  await provesLive(demo, fake)
  const asked = await fake.asked()
  assert.deepEqual(
    asked.map(({ status }) => status),
    [429, 429, 200],
  )
  for (const [index, { time }] of asked.slice(1).entries()) {
    const waited = time - asked[index].time
    assert.ok(waited >= 4000, `asked again after ${waited} ms`)
  }
})

test('401: signed out, rows stay and are old, silence until somebody retries', async (t) => {
  const { fake, demo } = await open(t)
  await demo.phase('live')
  await fake.fault({ kind: 'unauthorized' })
  await fake.restart()
  const status = await demo.phase('auth')
  assert.equal(status.rows, pods)
  assert.ok(status.stale)
  assert.match(status.notes, /HTTP 401/)
  // The picker's namespaces meet it as well.
  await sleep(1000)
  const before = (await fake.requests()).length
  await sleep(3000)
  assert.equal((await fake.requests()).length, before)
  await fake.mend()
  await demo.page.getByRole('button', { name: 'Retry' }).click()
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test("403: failed, with the server's own sentence, and again on request", async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'forbidden', user: 'jane', match: { path: '/pods' } }])
  const status = await demo.phase('failed')
  assert.match(status.notice, /jane.* cannot .* resource "pods"/)
  assert.equal(status.rows, 0)
  await fake.mend()
  await demo.page.getByRole('button', { name: 'Try again' }).click()
  await provesLive(demo, fake)
})

test('a login page in place of data: signed out', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'html', match: { path: '/pods' } }])
  const status = await demo.phase('auth')
  assert.match(status.notice, /Signed out/)
  await fake.mend()
  await demo.page.getByRole('button', { name: 'Try again' }).click()
  await provesLive(demo, fake)
})

test('streams that end at once: no spinning', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'empty-close', match: { path: '/pods' } }])
  await sleep(4000)
  assert.notEqual((await demo.status()).phase, 'live')
  const asked = (await fake.requests()).length
  assert.ok(asked < 25, `${asked} requests in four seconds`)
  await fake.mend()
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('503: waits and comes back', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'unavailable', retryAfter: 4, times: 2, match: { path: '/pods' } }])
  await demo.until((status) => /HTTP 503/.test(status.notes), 'the reason')
  await provesLive(demo, fake)
})

test('a decoder that dies is replaced: all rows stay, marked old, and the status says so', async (t) => {
  const { demo, fake } = await open(t)
  await demo.phase('live')
  await demo.page.evaluate(`{
    const { fetch } = globalThis
    const answer = (${deadlyAnswer})()
    globalThis.fetch = (...args) => {
      if (!String(args[0]).includes('watch=')) return fetch(...args)
      globalThis.fetch = fetch
      return Promise.resolve(answer)
    }
  }`)
  await fake.fault(slowly)
  await fake.restart()
  await demo.saw(({ stale, notes }) => stale && /The decoder stopped and is started anew/.test(notes), 'the death')
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
  await saidOld(demo, /The decoder stopped and is started anew/)
})
