/** The table in the page is the server's table, whatever happened between, in the order and with the filter that were asked for. */
import assert from 'node:assert/strict'

import { assertNothingLeft, test, until, useWorld } from './harness.mjs'

const world = useWorld({ settings: { pods: 3000, seed: 7 } })

/** The same numbers for the same seed. */
function random(seed) {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Writes `count` random creates, changes and deletes of pods, several at a time. */
async function burst(count, seed) {
  const next = random(seed)
  const { rows } = await world.control('GET', 'state?path=/api/v1/pods')
  const pods = rows.map(({ namespace, name }) => ({ namespace, name }))
  const namespaces = [...new Set(pods.map(({ namespace }) => namespace))]
  const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed']
  const counts = { create: 0, touch: 0, patch: 0, terminate: 0, delete: 0 }
  for (let done = 0; done < count; ) {
    // Those that go together name different pods: their order does not matter.
    const batch = []
    const used = new Set()
    while (batch.length < 16 && done + batch.length < count) {
      const dice = next(10)
      if (dice < 3) {
        const pod = { namespace: namespaces[next(namespaces.length)], name: `new-${seed}-${done + batch.length}` }
        const object = { metadata: { labels: { tier: `t${next(3)}` } }, status: { phase: PHASES[next(4)] } }
        batch.push({ op: 'create', ...pod, object })
        pods.push(pod)
        used.add(pods.length - 1)
        continue
      }
      const index = next(pods.length)
      if (used.has(index)) continue
      used.add(index)
      const pod = pods[index]
      if (dice < 5) batch.push({ op: 'touch', ...pod })
      else if (dice < 7)
        batch.push({
          op: 'patch',
          ...pod,
          object: { metadata: { labels: { tier: `t${next(3)}` } }, status: { phase: PHASES[next(4)] } },
        })
      else if (dice < 8) batch.push({ op: 'terminate', ...pod })
      else batch.push({ op: 'delete', ...pod, index })
    }
    await Promise.all(
      batch.map(({ index: _index, ...mutation }) => world.control('POST', 'mutate', { resource: 'pods', ...mutation })),
    )
    for (const { op } of batch) counts[op] += 1
    const gone = batch.filter(({ op }) => op === 'delete').map(({ index }) => index)
    for (const index of gone.sort((a, b) => b - a)) pods.splice(index, 1)
    done += batch.length
  }
  return counts
}

/** All rows of a view, in its order. */
const shown = (page, name) =>
  page.evaluate((name) => {
    const { rows, columns, count, total } = window[name].getSnapshot()
    return {
      count,
      total,
      columns: columns.map((column) => column.name),
      rows: rows.map(({ meta, cells }) => ({
        name: meta.name,
        namespace: meta.namespace,
        uid: meta.uid,
        resourceVersion: meta.resourceVersion,
        labels: meta.labels,
        cells,
      })),
    }
  }, name)

/** Waits until the page has all that the server has. */
async function settled(page) {
  const { resourceVersion, rows } = await world.control('GET', 'state?path=/api/v1/pods')
  // The last write may have been to another resource, so the newest pod is what is waited for.
  const newest = rows.reduce((most, row) => Math.max(most, Number(row.resourceVersion)), 0)
  assert.ok(newest <= Number(resourceVersion))
  await until(
    'the newest pod',
    () =>
      page.evaluate(
        ([newest, total]) => {
          const { rows, total: have } = all.getSnapshot()
          return have === total && rows.some((row) => Number(row?.meta.resourceVersion) >= newest)
        },
        [newest, rows.length],
      ),
    20_000,
  )
  return world.control('GET', 'state?path=/api/v1/pods')
}

/** The order of texts: digits by their value, letters whatever their case, everything else by its code. */
function natural(a, b) {
  const [left, right] = [a, b].map((text) => text.toLowerCase().match(/\d+|\D/g) ?? [])
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one, other] = [left[index], right[index]]
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1
    if (one === other) continue
    const numbers = /^\d/.test(one) && /^\d/.test(other)
    const order = numbers ? Number(one) - Number(other) : one < other ? -1 : 1
    if (order !== 0) return order
  }
  return 0
}

const byteOrder = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
const byKey = (a, b) => byteOrder(a.namespace, b.namespace) || byteOrder(a.name, b.name)

/** How a view of the page and the same done in JavaScript over the server's state are asked for. */
const VIEWS = {
  all: { options: {}, order: byKey, keep: () => true },
  byName: {
    options: { sort: [{ column: 'Name', descending: true }] },
    order: (a, b) => natural(b.name, a.name) || byKey(a, b),
    keep: () => true,
  },
  byStatus: {
    options: { sort: [{ column: 'Status' }, { column: 'Ready', descending: true }, { column: 'Name' }] },
    order: (a, b) =>
      natural(a.of.Status, b.of.Status) || ratio(b.of.Ready, a.of.Ready) || natural(a.name, b.name) || byKey(a, b),
    keep: () => true,
  },
  pending: {
    options: { filter: { columns: { Status: ['Pending', 'Failed'] }, namespaces: 'TWO' }, sort: [{ column: 'Name' }] },
    order: (a, b) => natural(a.name, b.name) || byKey(a, b),
    keep: (row, two) => ['Pending', 'Failed'].includes(row.of.Status) && two.includes(row.namespace),
  },
  text: {
    options: { filter: { text: 'NEW-' } },
    order: byKey,
    keep: ({ of, name, namespace }) =>
      [of.Name, of.Ready, of.Status, of.Restarts, of.Age, name, namespace].some((text) =>
        String(text).toLowerCase().includes('new-'),
      ),
  },
  labels: {
    options: { filter: { labelSelector: 'tier in (t0, t2),touched' } },
    order: byKey,
    keep: ({ labels }) => ['t0', 't2'].includes(labels.tier) && 'touched' in labels,
  },
}

function ratio(a, b) {
  const [left, right] = [a, b].map((text) => text.split('/').map(Number))
  return left[0] - right[0] || left[1] - right[1]
}

async function openViews(page, two) {
  const views = Object.fromEntries(
    Object.entries(VIEWS).map(([name, { options }]) => [
      name,
      JSON.parse(JSON.stringify(options).replace('"TWO"', JSON.stringify(two))),
    ]),
  )
  await page.evaluate(async (views) => {
    window.watch = client().watchTable(PODS)
    window.seen = recordStatus(watch)
    for (const [name, options] of Object.entries(views)) {
      window[name] = watch.view({ columns: 'wide', ...options })
      window[name].setWindow(0, 100_000)
    }
    await watch.synced
    await until('rows', () => all.getSnapshot().rows.length > 0)
  }, views)
}

/** Every view shows exactly what JavaScript makes of the server's state. */
async function compare(page, two) {
  const state = await settled(page)
  const at = performance.now()
  // Notifications come once a frame: let the last one come.
  await page.evaluate(async () => {
    await probe.frame()
    await probe.frame()
  })
  const whole = await shown(page, 'all')
  const labelsOf = new Map(whole.rows.map(({ uid, labels }) => [uid, labels]))
  const truth = state.rows.map((row) => ({
    ...row,
    labels: labelsOf.get(row.uid) ?? {},
    of: Object.fromEntries(state.columns.map((name, index) => [name, row.cells[index]])),
  }))
  for (const [name, { order, keep }] of Object.entries(VIEWS)) {
    const { rows, columns, count, total } = await shown(page, name)
    const wanted = truth.filter((row) => keep(row, two)).sort(order)
    assert.ok(wanted.length > 0, `${name}: the comparison is of nothing`)
    assert.equal(total, truth.length, `${name}: total`)
    assert.equal(count, wanted.length, `${name}: count`)
    assert.deepEqual(columns, state.columns, name)
    const ticking = new Set(['Age', 'Restarts'].map((column) => columns.indexOf(column)))
    const still = (cells) => cells.map((cell, index) => (ticking.has(index) ? '' : cell))
    const plain = (row) =>
      `${row.namespace}/${row.name} ${row.uid} ${row.resourceVersion} ${JSON.stringify(still(row.cells))}`
    assert.deepEqual(rows.map(plain), wanted.map(plain), name)
    // What ticks was printed at two moments; the part that does not tick is the same.
    const restarts = columns.indexOf('Restarts')
    const countOf = (row) => String(row.cells[restarts]).split(' ')[0]
    assert.deepEqual(rows.map(countOf), wanted.map(countOf), `${name}: Restarts`)
    const later = (performance.now() - at) / 1000
    for (const [index, row] of rows.entries())
      assertAge(row.cells[columns.indexOf('Age')], wanted[index].of.Age, later, row.name)
  }
}

/** Two ages of one object, ours printed up to some seconds `later`. */
function assertAge(ours, theirs, later, name) {
  if (ours === theirs) return
  const [a, b] = [ours, theirs].map(seconds)
  // The coarser the unit that an age is printed in, the more a moment may change it.
  const step = /^\d+s$/.test(theirs)
    ? 10
    : /s$/.test(theirs)
      ? 10
      : /m$/.test(theirs)
        ? 60
        : /h$/.test(theirs)
          ? 3_600
          : 86_400
  assert.ok(Math.abs(a - b) <= step + later, `${name}: Age is ${ours}, the server says ${theirs}`)
}

function seconds(age) {
  const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400, y: 31_536_000 }
  return [...String(age).matchAll(/(\d+)([smhdy])/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * UNITS[unit],
    0,
  )
}

const twoNamespaces = async () => {
  const { rows } = await world.control('GET', 'state?path=/api/v1/pods')
  return [...new Set(rows.map(({ namespace }) => namespace))].slice(0, 2)
}

test(
  'after 5,000 random writes the views equal the same done in JavaScript over the state of the server',
  async () => {
    const page = await world.newPage()
    const two = await twoNamespaces()
    await openViews(page, two)
    const counts = await burst(5_000, 11)
    for (const [op, count] of Object.entries(counts)) assert.ok(count > 200, `${op}: ${count}`)
    await compare(page, two)
    const { requests, phase } = await page.evaluate(() => ({
      requests: watch.status.reconnects,
      phase: watch.status.phase,
    }))
    assert.equal(phase, 'live')
    assert.equal(requests, 0, 'all of it came on one stream')
    await page.evaluate(() => watch.close())
    await assertNothingLeft({ page, gateway: world.gateway })
  },
  { timeout: 120_000 },
)

test(
  'and after cuts in the middle of it, and a compaction',
  async () => {
    const page = await world.newPage()
    const two = await twoNamespaces()
    await openViews(page, two)
    const tooMany = { kind: 'too-many-requests', retryAfter: 2, times: 1, match: { path: '/pods', request: 'watch' } }
    for (const seed of [21, 22, 23]) {
      // The last break lasts long enough to be told, on whatever machine.
      if (seed === 23) await world.control('POST', 'faults', tooMany)
      const writes = burst(300, seed)
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const entry of world.gateway.requests.filter(({ open }) => open)) entry.cut()
      if (seed === 22) await world.control('POST', 'compact')
      await writes
    }
    await until('live again', () => page.evaluate(() => watch.status.phase === 'live'), 40_000)
    await compare(page, two)
    const seen = (await page.evaluate(() => seen)).map((text) => JSON.parse(text).phase)
    assert.ok(
      seen.some((phase) => phase !== 'live' && phase !== 'connecting' && phase !== 'syncing'),
      `${new Set(seen)}`,
    )
    await page.evaluate(() => watch.close())
    await assertNothingLeft({ page, gateway: world.gateway })
  },
  { timeout: 120_000 },
)

for (const [profile, seed] of [
  ['1.31', 31],
  ['1.26', 32],
]) {
  test(
    `the same by LIST and WATCH, as ${profile} makes it necessary`,
    async () => {
      await world.control('POST', 'profile', { profile })
      try {
        const page = await world.newPage()
        const two = await twoNamespaces()
        await openViews(page, two)
        await burst(500, seed)
        await compare(page, two)
        assert.equal(await page.evaluate(() => watch.status.mode), 'list+watch')
        await page.evaluate(() => watch.close())
        await assertNothingLeft({ page, gateway: world.gateway })
      } finally {
        await world.control('POST', 'profile', { profile: '1.37' })
      }
    },
    { timeout: 120_000 },
  )
}
