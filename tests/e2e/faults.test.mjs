// The demo page while the server, or what is before it, fails: rows stay, the status never says live when it is not,
// and in the end the table is what the server has.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'
import { holds } from './lib/until.mjs'

after(closeBrowser)

const pods = 300
const watchlist = { request: 'watchlist', path: '/pods' }

/** A write, and the proof that it arrives: the table is live, not only said to be. */
async function provesLive(demo, fake, name = 'proof') {
  await demo.phase('live', 40_000)
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name })
  await demo.matches()
  const status = await demo.status()
  assert.equal(status.phase, 'live')
  assert.equal(status.stale, false)
}

/** From the first snapshot on no part of one was shown, nor an empty table, and live rows were never marked old. */
async function neverShowedAPart(demo, all = pods) {
  const steps = await demo.steps()
  for (const step of steps) {
    if (step.rows > 0) assert.ok(step.rows >= all, `a part was shown: ${JSON.stringify(steps)}`)
    if (step.phase === 'live') assert.ok(step.rows >= all && !step.stale, `not true: ${JSON.stringify(steps)}`)
  }
  const first = steps.findIndex((step) => step.rows > 0)
  assert.ok(first >= 0)
  assert.ok(
    steps.slice(first).every((step) => step.rows > 0),
    `rows went away: ${JSON.stringify(steps)}`,
  )
}

/** While they waited for a new snapshot, all rows were there to be read, marked as old, with the reason. */
async function saidOld(demo, reason) {
  const steps = await demo.steps()
  assert.ok(
    steps.some(
      (step) => step.rows >= pods && step.stale && ['stale', 'syncing'].includes(step.phase) && reason.test(step.notes),
    ),
    `never old because of ${reason}: ${JSON.stringify(steps)}`,
  )
}

/** Makes the next snapshot last a second or two, so that what the page says meanwhile is there to be seen. */
const slowly = { kind: 'slow', bytes: 500_000, match: watchlist, times: 1 }

async function open(t, faults = [], options = {}) {
  const fake = await Fake.start(t, { pods, ...options })
  for (const fault of faults) await fake.fault(fault)
  const demo = await Demo.open(t, fake, options)
  return { fake, demo }
}

test('cut in the snapshot: nothing of it is shown, the next one is', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'cut', events: 100, match: watchlist, times: 1 }])
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('cut while live: resumed without a new snapshot', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'cut', events: pods + 4, match: watchlist, times: 1 }])
  await demo.phase('live')
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'more', count: 8 })
  await demo.until((status) => status.phase === 'live' && status.rows === pods + 8, 'live with all eight')
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
  assert.ok(
    (await demo.steps()).some((step) => step.phase === 'resuming'),
    'the break was said',
  )
})

test('stalled in the snapshot: falls back with the reason', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'stall', events: 100, match: watchlist }])
  const syncing = await demo.phase('syncing')
  assert.equal(syncing.rows, 0)
  const status = await demo.phase('live', 40_000)
  assert.match(status.sentence, /^List\+Watch\/Table/)
  assert.match(status.notes, /did not come to its end in time/)
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('stalled while live: found dead by its deadline', async (t) => {
  const stall = { kind: 'stall', events: pods + 1, match: watchlist, times: 1 }
  const { fake, demo } = await open(t, [stall], { clock: true })
  await demo.phase('live')
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'unheard' })
  // Longer than any watch asks to last.
  await demo.page.clock.fastForward('07:00')
  await demo.until((status) => status.phase === 'live' && status.rows === pods + 1, 'live with what was missed', 30_000)
  assert.ok(
    (await demo.steps()).some((step) => step.phase !== 'live' && step.rows > 0),
    'it said that it was not live',
  )
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'heard' })
  // The page's clock went ahead of the server's: all ages differ.
  await demo.matches(undefined, { times: false })
})

test('no end bookmark: falls back with the reason', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'drop-end-bookmark', match: watchlist }])
  const status = await demo.phase('live', 40_000)
  assert.match(status.sentence, /^List\+Watch\/Table/)
  assert.match(status.notes, /did not come to its end in time/)
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('410 when it resumes: old rows stay, the new snapshot says what changed', async (t) => {
  const { fake, demo } = await open(t)
  await demo.phase('live')
  // What was compacted has to be newer than what the page knows, or it may go on from there.
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  // Before it can resume there is time to miss something.
  await fake.fault({ kind: 'unavailable', retryAfter: 2, match: { path: '/pods', request: 'watch' }, times: 1 })
  await fake.fault(slowly)
  const { resourceVersion } = await fake.state()
  await fake.restart()
  await demo.until((status) => /HTTP 503/.test(status.notes), 'waiting')
  const { rows } = await fake.state()
  const { namespace, name } = rows[5]
  await fake.mutate({ op: 'delete', resource: 'pods', namespace, name })
  await fake.mutate({ op: 'create', resource: 'pods', namespace, name: 'missed', count: 2 })
  await fake.mutate({ op: 'terminate', resource: 'pods', namespace: rows[6].namespace, name: rows[6].name })
  await demo.phase('live')
  assert.equal(await demo.page.locator('.snapshot-change').textContent(), 'resynced: 2 added, 1 changed, 1 removed')
  const asked = (await fake.asked()).filter(({ kind }) => kind !== 'probe')
  assert.deepEqual(
    asked.map(({ kind, status }) => [kind, status]),
    [
      ['watchlist', 200],
      ['watch', 503],
      // Refused by an event of the stream, as real servers do.
      ['watch', 200],
      ['watchlist', 200],
    ],
  )
  assert.ok(BigInt(asked[2].version) < BigInt(resourceVersion))
  await saidOld(demo, /HTTP 410/)
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

for (const inStream of [false, true]) {
  test(`410 ${inStream ? 'in the stream' : 'by status'}, twice: old rows stay and are said to be old`, async (t) => {
    const { fake, demo } = await open(t)
    await demo.phase('live')
    // The watch that resumes, and the streaming list that is the answer to its 410.
    for (const request of ['watch', 'watchlist']) {
      await fake.fault({ kind: 'gone', inStream, match: { path: '/pods', request }, times: 1 })
    }
    await fake.fault(slowly)
    await fake.restart()
    await holds(async () => (await fake.asked()).some(({ kind }) => kind === 'watch'), 'the watch that resumes')
    // In the stream it comes in the place of an event.
    await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'unheard' })
    await demo.until((status) => status.phase === 'syncing' && status.stale, 'syncing again')
    await provesLive(demo, fake)
    const met = (await fake.asked()).filter(({ fault }) => fault === 'gone')
    assert.deepEqual(
      met.map(({ kind, status }) => [kind, status]),
      [
        ['watch', inStream ? 200 : 410],
        ['watchlist', inStream ? 200 : 410],
      ],
    )
    await saidOld(demo, /HTTP 410/)
    await neverShowedAPart(demo)
  })
}

test('429 with Retry-After: waits as long as asked, and says so', async (t) => {
  const { fake, demo } = await open(t, [
    { kind: 'too-many-requests', retryAfter: 2, times: 2, match: { path: '/pods' } },
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
    assert.ok(waited >= 2000, `asked again after ${waited} ms`)
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

test('split into chunks of seven bytes: nothing is lost', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'split', bytes: 7, match: { path: '/pods' } }], { pods: 60 })
  await demo.phase('live', 30_000)
  await demo.matches()
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'proof' })
  await demo.matches()
})

test('a version in the future of the server: a new snapshot', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'cut', events: pods + 2, match: watchlist, times: 1 }])
  await demo.phase('live')
  // The watch that resumes, and the list that asks whether the server has come so far.
  for (const request of ['watch', 'list']) {
    await fake.fault({ kind: 'future-resource-version', match: { path: '/pods', request } })
  }
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'more', count: 4 })
  await demo.until((status) => status.phase === 'live' && status.rows === pods + 4, 'live with all four', 30_000)
  assert.ok(
    (await demo.steps()).some((step) => step.phase !== 'live' && step.rows > 0),
    'it said that it was not live',
  )
  await fake.mend()
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('a restored server: what was written since is gone from the table too', async (t) => {
  const { fake, demo } = await open(t)
  await demo.phase('live')
  const { resourceVersion } = await fake.state()
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'lost', count: 5 })
  await demo.until((status) => status.rows === pods + 5, 'five more')
  await fake.restore(resourceVersion)
  await demo.until((status) => status.phase === 'live' && status.rows === pods, 'live without them', 40_000)
  await provesLive(demo, fake)
})

test('a slow link: a counter, and no rows before they are whole', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'slow', bytes: 250_000, match: watchlist }])
  const seen = new Set()
  const status = await demo.until(
    (now) => {
      if (now.phase === 'syncing') seen.add(now.notice)
      return now.phase === 'live'
    },
    'live',
    30_000,
  )
  assert.equal(status.rows, pods)
  assert.ok(
    [...seen].some((text) => /[1-9]\d* pods/.test(text)),
    `a counter was shown: ${[...seen].join(' | ')}`,
  )
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
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
  const { fake, demo } = await open(t, [{ kind: 'unavailable', times: 2, match: { path: '/pods' } }])
  await demo.until((status) => /HTTP 503/.test(status.notes), 'the reason')
  await provesLive(demo, fake)
})

test('the cable is pulled: rows stay, old since when, until it is back', async (t) => {
  const { fake, demo } = await open(t)
  await demo.phase('live')
  await fake.fault({ kind: 'hang' })
  await fake.restart()
  await demo.until((status) => status.phase !== 'live', 'not live')
  for (let turn = 0; turn < 20; turn += 1) {
    const status = await demo.status()
    assert.notEqual(status.phase, 'live')
    assert.equal(status.rows, pods)
    await sleep(100)
  }
  await fake.mend()
  // A request that hangs is given up after its own deadline.
  await demo.phase('live', 60_000)
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('other columns in the middle of a stream: a new snapshot under them', async (t) => {
  const { fake, demo } = await open(t, [
    { kind: 'column-change', events: pods + 2, match: watchlist, times: 1 },
    // From then on the server has them.
    { kind: 'column-change', match: { path: '/pods' } },
  ])
  await demo.phase('live')
  const before = (await demo.rows()).columns
  assert.ok(!before.includes('Zone'))
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'more', count: 4 })
  await demo.until((status) => status.phase === 'live' && status.rows === pods + 4, 'live with all four')
  await provesLive(demo, fake)
  const { columns, rows } = await demo.rows()
  assert.deepEqual(columns, ['Name', 'Namespace', 'Zone', ...before.slice(2)])
  assert.equal(rows.length, pods + 5)
  for (const row of rows) assert.equal(row[2], 'zone-a')
  await neverShowedAPart(demo)
})

describe('a list of several pages', () => {
  const all = 1200
  const options = { profile: '1.26', pods: all }
  const list = { request: 'list', path: '/pods' }
  const laterPage = { ...list, continued: true }

  /** The pages asked for, each list on its own; what is asked besides is left out. */
  function lists(asked) {
    const found = []
    for (const { kind, continued, status, fault } of asked) {
      if (kind !== 'list') continue
      if (!continued) found.push([])
      found.at(-1).push(fault ?? status)
    }
    return found
  }

  test('whole: three pages, shown in one step', async (t) => {
    const { fake, demo } = await open(t, [], options)
    await provesLive(demo, fake)
    assert.deepEqual(lists(await fake.asked()), [[200, 200, 200]])
    await neverShowedAPart(demo, all)
  })

  for (const { kind, more, tries } of [
    {
      kind: 'cut',
      more: { bytes: 100_000 },
      tries: [
        [200, 'cut'],
        [200, 200, 200],
      ],
    },
    {
      kind: 'gone',
      more: {},
      tries: [
        [200, 'gone'],
        [200, 200, 200],
      ],
    },
  ]) {
    test(`${kind} in the second page: both list and watch begin again`, async (t) => {
      const { fake, demo } = await open(t, [{ kind, ...more, match: laterPage, times: 1 }], options)
      await provesLive(demo, fake)
      const asked = await fake.asked()
      assert.deepEqual(lists(asked), tries)
      assert.equal(asked.filter(({ kind }) => kind === 'watch').length, 2)
      await neverShowedAPart(demo, all)
    })

    test(`${kind} in the second page of a new snapshot: the old rows stay`, async (t) => {
      const { fake, demo } = await open(t, [], options)
      await demo.phase('live')
      await fake.fault({ kind, ...more, match: laterPage, times: 1 })
      await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
      await fake.restart()
      await demo.until((status) => status.stale, 'old')
      await provesLive(demo, fake)
      assert.deepEqual(lists(await fake.asked()), [[200, 200, 200], ...tries])
      await neverShowedAPart(demo, all)
    })
  }

  test('the watch beside it is cut: what it would have brought comes after the list', async (t) => {
    const { fake, demo } = await open(
      t,
      [
        { kind: 'slow', bytes: 300_000, match: laterPage },
        { kind: 'cut', events: 0, match: { request: 'watch', path: '/pods' }, times: 1 },
      ],
      options,
    )
    await holds(async () => (await fake.asked()).some(({ kind }) => kind === 'watch'), 'the watch beside the list')
    // Of the first page, which is through, and so known to the watch alone.
    const { rows } = await fake.state()
    const [{ namespace, name }] = rows
    await fake.mutate({ op: 'delete', resource: 'pods', namespace, name })
    await fake.mutate({ op: 'create', resource: 'pods', namespace, name: 'beside', count: 2 })
    assert.equal((await demo.status()).phase, 'syncing')
    await demo.until((status) => status.phase === 'live' && status.rows === all + 1, 'live with both, and one less')
    await provesLive(demo, fake)
    const asked = await fake.asked()
    assert.deepEqual(lists(asked), [[200, 'slow', 'slow']])
    const [cut, next] = asked.filter(({ kind }) => kind === 'watch')
    assert.equal(cut.fault, 'cut')
    assert.equal(next.version, cut.version, 'nothing came of the first')
    await neverShowedAPart(demo, all)
  })
})

test('a decoder that dies is replaced: all rows stay, marked old, and the status says so', async (t) => {
  const { demo, fake } = await open(t)
  await demo.phase('live')
  // What no server sends: an answer whose status can be read once, and then throws through the module.
  await demo.page.evaluate(() => {
    const { fetch } = globalThis
    let reads = 0
    const deadly = {
      get status() {
        reads += 1
        if (reads > 1) throw new Error('from inside the decoder')
        return 200
      },
      headers: new Headers(),
      body: null,
    }
    globalThis.fetch = (...args) => {
      if (!String(args[0]).includes('watch=')) return fetch(...args)
      globalThis.fetch = fetch
      return Promise.resolve(deadly)
    }
  })
  await fake.fault(slowly)
  await fake.restart()
  await demo.until(({ notes }) => /The decoder stopped and is started anew/.test(notes), 'the death')
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
  await saidOld(demo, /The decoder stopped and is started anew/)
})
