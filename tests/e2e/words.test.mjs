// What the page makes of statuses, addresses, filters and discovery, without a browser.
import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, test } from 'node:test'
import { useModules } from './lib/modules.mjs'

const page = useModules()

const column = (name) => ({ name, type: 'string', format: '', description: '', priority: 0 })
const now = Date.UTC(2026, 10, 24, 12)
const status = (changes) => ({
  phase: 'live',
  mode: 'watchlist',
  format: 'table',
  progress: { objects: 10_000, bytes: 24_000_000 },
  events: 10_001,
  reconnects: 0,
  heldBytes: 0,
  memoryBytes: 0,
  ...changes,
})
const pods = { noun: 'pods', rows: 10_000, snapshotBytes: 24_000_000 }

describe('the status in words', () => {
  const words = async (changes, subject = pods) =>
    (await page('status/describe.ts')).describe(status(changes), subject, now)

  test('live: one measured sentence and nothing else', async () => {
    const { badge, tone, sentence, notes, canRetry } = await words({ syncDurationMs: 912 })
    assert.deepEqual([badge, tone, notes, canRetry], ['Live', 'live', [], false])
    assert.equal(sentence, 'WatchList/Table · 10,000 pods in 0.9 s · 24 MB')
  })

  test('live and silent: for how long, since nobody knows yet whether the stream is quiet or dead', async () => {
    const since = async (silence, changes) => (await words({ lastEventAt: now - silence, ...changes })).silence
    assert.equal(await since(4_900), '')
    assert.equal(await since(12_000), 'last event 12 s ago')
    assert.equal(await since(200_000), 'last event 3 min 20 s ago')
    assert.equal(await since(200_000, { phase: 'stale', staleSince: now - 1 }), '')
  })

  test('syncing: how far it is, of how many where that is known', async () => {
    const progress = { objects: 4_312, bytes: 11_200_000 }
    assert.equal((await words({ phase: 'syncing', progress })).sentence, 'WatchList/Table · 4,312 pods · 11 MB')
    const known = await words({
      phase: 'syncing',
      mode: 'list+watch',
      progress: { ...progress, total: 10_000 },
    })
    assert.equal(known.sentence, 'List+Watch/Table · 4,312 of 10,000 pods · 11 MB')
  })

  test('an attempt after a snapshot does not change what the snapshot measured', async () => {
    const { sentence } = await words({
      phase: 'stale',
      syncDurationMs: 912,
      progress: { objects: 0, bytes: 312 },
    })
    assert.equal(sentence, 'WatchList/Table · 10,000 pods in 0.9 s · 24 MB')
  })

  test('old rows: since when, why, and when it is tried again', async () => {
    const { tone, notes, canRetry } = await words({
      phase: 'stale',
      staleSince: now - 42_000,
      nextRetryAt: now + 2_400,
      error: { code: 'unreachable', message: 'the server cannot be reached' },
    })
    assert.equal(tone, 'old')
    assert.ok(canRetry)
    assert.match(notes[0].text, /stale since .* \(42 s\)$/)
    assert.deepEqual(
      notes.slice(1).map((note) => note.text),
      ['The server cannot be reached', 'Next try in 3 s'],
    )
  })

  test('a phase that claims to be live beside old rows is not painted as live', async () => {
    assert.equal((await words({ staleSince: now })).tone, 'old')
  })

  test("a refusal: the server's own sentence as a quote", async () => {
    const message = 'pods is forbidden: User "jane" cannot list resource "pods"'
    const kubernetes = { reason: 'Forbidden', message, details: { causes: [] } }
    const { notes } = await words({
      phase: 'failed',
      error: { code: 'forbidden', message, httpStatus: 403, kubernetes },
    })
    assert.deepEqual(notes, [{ tone: 'trouble', text: 'You may not watch this (HTTP 403)', quote: message }])
  })

  test('our own sentence is no quote of the server', async () => {
    const { notes } = await words({
      mode: 'list+watch',
      fallbackReason: { code: 'no-bookmark', message: 'no end in time' },
    })
    assert.deepEqual(notes, [{ tone: 'idle', text: 'List+Watch because: No end in time' }])
  })
})

describe('the filter', () => {
  const columns = [column('Name'), column('Status'), column('Up-to-date'), column('Nominated Node')]

  for (const [typed, filter] of [
    ['', {}],
    ['web', { text: 'web' }],
    ['web shop', { text: 'web shop' }],
    ['status:Pending,Failed web', { text: 'web', columns: { Status: ['Pending', 'Failed'] } }],
    ['STATUS:Pending status:Failed', { columns: { Status: ['Pending', 'Failed'] } }],
    ['nominated-node:a up-to-date:3', { columns: { 'Nominated Node': ['a'], 'Up-to-date': ['3'] } }],
    ['status:"Ready, really",Unknown', { columns: { Status: ['Ready, really', 'Unknown'] } }],
    ['"two words" web', { text: 'two words web' }],
    ['status:"open', { columns: { Status: ['open'] } }],
    ['status:', {}],
    ['label:app=web label:tier!=db', { labelSelector: 'app=web,tier!=db' }],
    ['10.0.0.1:80', { text: '10.0.0.1:80' }],
    ['unknown:word', { text: 'unknown:word' }],
  ]) {
    test(JSON.stringify(typed), async () => {
      assert.deepEqual((await page('filter/language.ts')).parseFilter(typed, columns), filter)
    })
  }

  test('a value with a comma is one value', async () => {
    const { toggleValue, allowedValues } = await page('filter/language.ts')
    const typed = toggleValue('status:Ready', 'Status', 'Ready,SchedulingDisabled')
    assert.equal(typed, 'status:Ready,"Ready,SchedulingDisabled"')
    assert.deepEqual(allowedValues(typed, 'Status'), ['Ready', 'Ready,SchedulingDisabled'])
  })

  test('a value is allowed by a click, and no longer by another', async () => {
    const { toggleValue, allowedValues } = await page('filter/language.ts')
    const once = toggleValue('web', 'Status', 'Pending')
    assert.equal(once, 'web status:Pending')
    const twice = toggleValue(once, 'Status', 'Failed')
    assert.deepEqual(allowedValues(twice, 'Status'), ['Pending', 'Failed'])
    assert.equal(toggleValue(toggleValue(twice, 'Status', 'Pending'), 'Status', 'Failed'), 'web')
  })
})

describe('the address', () => {
  test('what is written is read again', async () => {
    const { formatAddress, parseAddress, home } = await page('address.ts')
    for (const address of [
      home,
      {
        ...home,
        group: 'apps',
        resource: 'deployments',
        namespace: 'shop',
        filter: 'a b&c=d #1',
        wide: true,
      },
      { ...home, sort: { column: 'Nominated Node', descending: true } },
    ]) {
      assert.deepEqual(parseAddress(formatAddress(address)), address)
    }
  })

  test('nonsense is the home page', async () => {
    const { parseAddress, home } = await page('address.ts')
    for (const hash of ['', '#', '#/', '#/pods', '#///', '#?q=x']) assert.deepEqual(parseAddress(hash), home)
    assert.equal(parseAddress('#/v1/%E0%A4%A').resource, '%E0%A4%A')
  })
})

describe('flashes', () => {
  const shown = ['Name', 'Status', 'Age'].map((name, from) => ({ column: column(name), from }))
  const row = (cells, resourceVersion = '1', key = 'a') => ({ key, cells, meta: { resourceVersion } })

  test('only a cell that a write changed while it was looked at', async () => {
    const { FlashTracker } = await page('table/flashes.ts')
    const tracker = new FlashTracker()
    const first = row(['a', 'Pending', '1s'])
    tracker.look(shown, [first])
    assert.deepEqual(tracker.of(first), [])
    const ticked = row(['a', 'Pending', '2s'])
    tracker.look(shown, [ticked])
    assert.deepEqual(tracker.of(ticked), [], 'an age is no news')
    const changed = row(['a', 'Running', '3s'], '2')
    tracker.look(shown, [changed, row(['b', 'Running', '9d'], '7', 'b')])
    assert.deepEqual(tracker.of(changed).map(Boolean), [false, true, false])
    assert.deepEqual(tracker.of(row(['b'], '7', 'b')), [], 'a row that comes into view is no news')
  })
})

describe('discovery', () => {
  /** Discovers what a server of these documents has. */
  async function discovered(t, documents) {
    const server = http.createServer((request, response) => {
      const found = documents[request.url]
      response.writeHead(found ? 200 : 503, { 'content-type': 'application/json' })
      response.end(JSON.stringify(found ?? { kind: 'Status', message: 'the server is currently unable' }))
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { fetch } = globalThis
    t.mock.method(globalThis, 'fetch', (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init))
    return (await page('discovery.ts')).discover(AbortSignal.timeout(5000))
  }

  test('aggregated: each resource in the preferred version that has it', async (t) => {
    const resource = (name, verbs = ['list', 'watch']) => ({
      resource: name,
      responseKind: { kind: 'K' },
      scope: 'Namespaced',
      verbs,
    })
    const { resources, problems } = await discovered(t, {
      '/api': {
        kind: 'APIGroupDiscoveryList',
        items: [
          {
            metadata: {},
            versions: [
              {
                version: 'v1',
                resources: [resource('pods'), resource('bindings', ['create']), resource('statuses', ['get', 'list'])],
              },
            ],
          },
        ],
      },
      '/apis': {
        kind: 'APIGroupDiscoveryList',
        items: [
          {
            metadata: { name: 'zoo.example' },
            versions: [{ version: 'v1', resources: [resource('boats')] }],
          },
          {
            metadata: { name: 'apps' },
            versions: [
              { version: 'v2', resources: [resource('sets')] },
              { version: 'v1', resources: [resource('sets'), resource('old')] },
            ],
          },
        ],
      },
    })
    assert.deepEqual(problems, [])
    assert.deepEqual(
      resources.map(({ group, version, resource: name, listable, watchable }) => [
        `${group}/${version}/${name}`,
        listable,
        watchable,
      ]),
      [
        ['/v1/bindings', false, false],
        ['/v1/pods', true, true],
        ['/v1/statuses', true, false],
        ['apps/v1/old', true, true],
        ['apps/v2/sets', true, true],
        ['zoo.example/v1/boats', true, true],
      ],
    )
  })

  test('legacy: subresources are left out, and a group that does not answer is named', async (t) => {
    const { resources, problems } = await discovered(t, {
      '/api': { kind: 'APIVersions', versions: ['v1'] },
      '/api/v1': {
        resources: [
          { name: 'pods', kind: 'Pod', namespaced: true, verbs: ['list', 'watch'], shortNames: ['po'] },
          { name: 'pods/log', kind: 'Pod', verbs: ['get'] },
        ],
      },
      '/apis': {
        kind: 'APIGroupList',
        groups: [
          {
            name: 'metrics.k8s.io',
            preferredVersion: { version: 'v1beta1' },
            versions: [{ version: 'v1beta1' }],
          },
        ],
      },
    })
    assert.deepEqual(resources, [
      {
        group: '',
        version: 'v1',
        resource: 'pods',
        kind: 'Pod',
        namespaced: true,
        shortNames: ['po'],
        listable: true,
        watchable: true,
      },
    ])
    assert.deepEqual(problems, ['metrics.k8s.io/v1beta1: the server is currently unable'])
  })

  test('documents of any shape are no reason to throw', async (t) => {
    for (const body of [
      [],
      { kind: 'APIGroupDiscoveryList', items: [null, 1, { versions: [{ resources: ['x', {}] }] }] },
      { groups: {} },
    ]) {
      const { resources } = await discovered(t, { '/api': body, '/apis': body })
      assert.deepEqual(resources, [])
      t.mock.restoreAll()
    }
  })
})

test('a cell is text, whatever it is', async () => {
  const { cellText } = await page('table/cells.ts')
  assert.deepEqual(
    ['a', 3, true, null, undefined, ['x'], { a: 1 }].map((cell) => cellText(cell)),
    ['a', '3', 'true', '', '', '["x"]', '{"a":1}'],
  )
  assert.ok(cellText('x'.repeat(1e6)).length < 400)
})

test('a table with thousands of columns is shown in part', async () => {
  const { shownColumns, mostColumns } = await page('table/columns.ts')
  const columns = Array.from({ length: 3000 }, (_, index) => column(`c${index}`))
  assert.equal(shownColumns(columns, false).length, mostColumns)
  assert.deepEqual(
    shownColumns(columns, true)
      .slice(0, 3)
      .map((shown) => shown.column.name),
    ['c0', 'Namespace', 'c1'],
  )
})

describe('throughput', () => {
  test('differences of counters, by the second; a counter that fell began anew', async () => {
    const { RateMeter } = await page('stats/rates.ts')
    const meter = new RateMeter()
    meter.take({ at: 1000, bytes: 500, events: 10 })
    assert.deepEqual(meter.rates, [])
    meter.take({ at: 3000, bytes: 2500, events: 30 })
    meter.take({ at: 4000, bytes: 300, events: 30 })
    assert.deepEqual(meter.rates, [
      { bytes: 1000, events: 10 },
      { bytes: 300, events: 0 },
    ])
    for (let second = 5; second < 100; second += 1) meter.take({ at: second * 1000, bytes: 300, events: 30 })
    assert.equal(meter.rates.length, 60)
  })

  test('a line ends at the right edge, and its peak touches the top', async () => {
    const { linePoints } = await page('stats/rates.ts')
    assert.equal(linePoints([0, 5, 10], 59, 20), '57.0,20.0 58.0,10.0 59.0,0.0')
    assert.equal(linePoints([0, 0], 59, 20), '58.0,20.0 59.0,20.0')
    assert.equal(linePoints([], 59, 20), '')
  })
})
