// The demo page while the server, or what is before it, fails behind the first snapshot: rows stay, the status never says live when
// it is not, and in the end the table is what the server has.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeBrowser } from './lib/demo.mjs'
import { neverShowedAPart, open, pods, provesLive, saidOld, slowly, watchlist } from './lib/faults.mjs'
import { holds } from './lib/until.mjs'

after(closeBrowser)

test('cut while live: resumed without a new snapshot', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'cut', events: pods + 4, match: watchlist, times: 1 }])
  await demo.phase('live')
  // Long enough to be drawn, on whatever machine.
  await fake.fault({ kind: 'too-many-requests', retryAfter: 2, match: { path: '/pods', request: 'watch' }, times: 1 })
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'more', count: 8 })
  await demo.until((status) => status.phase === 'live' && status.rows === pods + 8, 'live with all eight')
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
  assert.ok(
    (await demo.steps()).some((step) => step.phase === 'resuming'),
    'the break was said',
  )
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

test('410 when it resumes: old rows stay, the new snapshot says what changed', async (t) => {
  const { fake, demo } = await open(t)
  await demo.phase('live')
  // What was compacted has to be newer than what the page knows, or it may go on from there.
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  // Before it can resume there is time to miss something.
  await fake.fault({ kind: 'unavailable', retryAfter: 6, match: { path: '/pods', request: 'watch' }, times: 1 })
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
    await demo.saw((step) => step.phase === 'syncing' && step.stale, 'syncing again')
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
