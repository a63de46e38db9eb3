// The demo page while the server, or what is before it, fails in the first snapshot: no part of one is shown, and in the end the
// table is what the server has.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { closeBrowser } from './lib/demo.mjs'
import { neverShowedAPart, open, pods, provesLive, watchlist } from './lib/faults.mjs'
import { holds } from './lib/until.mjs'

after(closeBrowser)

test('cut in the snapshot: nothing of it is shown, the next one is', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'cut', events: 100, match: watchlist, times: 1 }])
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('stalled in the snapshot: falls back with the reason', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'stall', events: 100, match: watchlist }])
  const syncing = await demo.phase('syncing')
  assert.equal(syncing.rows, 0)
  const status = await demo.phase('live', 75_000)
  assert.match(status.sentence, /^List\+Watch\/Table/)
  assert.match(status.notes, /did not come to its end in time/)
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('no end bookmark: falls back with the reason', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'drop-end-bookmark', match: watchlist }])
  const status = await demo.phase('live', 75_000)
  assert.match(status.sentence, /^List\+Watch\/Table/)
  assert.match(status.notes, /did not come to its end in time/)
  await provesLive(demo, fake)
  await neverShowedAPart(demo)
})

test('split into chunks of seven bytes: nothing is lost', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'split', bytes: 7, match: { path: '/pods' } }], { pods: 60 })
  await demo.phase('live', 30_000)
  await demo.matches()
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'proof' })
  await demo.matches()
})

test('a slow link: a counter, and no rows before they are whole', async (t) => {
  const { fake, demo } = await open(t, [{ kind: 'slow', bytes: 100_000, match: watchlist }])
  const seen = new Set()
  const status = await demo.until((now) => {
    if (now.phase === 'syncing') seen.add(now.notice)
    return now.phase === 'live'
  }, 'live')
  assert.equal(status.rows, pods)
  assert.ok(
    [...seen].some((text) => /[1-9]\d* pods/.test(text)),
    `a counter was shown: ${[...seen].join(' | ')}`,
  )
  await provesLive(demo, fake)
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
      await demo.saw((step) => step.stale, 'old')
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
    await demo.phase('syncing')
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
