/** The main thread stays free: no task of ours takes it for more than 16 ms of CPU while 100,000 rows arrive, sort and change. */
import assert from 'node:assert/strict'
import { tasks, traced } from '../../scripts/lib/trace.mjs'
import { assertNothingLeft, test, useWorld } from './harness.mjs'

const PODS = 100_000
const LIMIT = 16

const world = useWorld({ settings: { pods: PODS } })

/** Runs a phase between its marks, in the page. */
const phase = (page, name, work) =>
  page.evaluate(`(async () => {
    performance.mark('${name} start')
    const started = performance.now()
    const result = await (${work})()
    // What the last change leads to belongs to it.
    await probe.sleep(300)
    performance.mark('${name} end')
    return { result, milliseconds: performance.now() - started - 300 }
  })()`)

function report(name, events, milliseconds) {
  const list = tasks(events, name)
  assert.ok(list.length > 10, `${name}: the trace has ${list.length} tasks`)
  const sum = list.reduce((total, task) => total + task.cpu, 0)
  const [longest] = list
  console.log(
    `${name}: ${milliseconds.toFixed(0)} ms, ${list.length} tasks, ${sum.toFixed(0)} ms of CPU; our longest took ${longest.ours.toFixed(1)} ms (and ${longest.engine.toFixed(1)} ms of collection or compilation), ${longest.within}; the longest of all ${Math.max(...list.map((task) => task.cpu)).toFixed(1)} ms`,
  )
  const over = list.filter(({ ours }) => ours > LIMIT)
  return over.map((task) => `${name}: ${task.ours.toFixed(1)} ms: ${task.within}`)
}

/** CPU time grows where other programs and the host take the machine away; what is ours comes again every time. */
const ATTEMPTS = 3

test(
  'no task takes the main thread for more than 16 ms while 100,000 rows arrive, sort and change',
  async () => {
    // What each phase was at its best.
    const over = new Map()
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      for (const [name, list] of await measure()) if (over.get(name)?.length !== 0) over.set(name, list)
      if ([...over.values()].every((list) => list.length === 0)) break
    }
    assert.deepEqual([...over.keys()], ['arrival', 'sort', 'changes', 'resync'])
    assert.deepEqual([...over.values()].flat(), [])
  },
  { timeout: 400_000 },
)

/** The tasks over the limit in each phase, while a page goes through all of them. */
async function measure() {
  const page = await world.newPage()
  // The module is compiled once in the life of a page; what counts here is what comes after.
  await page.evaluate(async () => {
    const first = client().watchTable({ version: 'v1', resource: 'namespaces' })
    await first.synced
    first.close()
    globalThis.gc?.()
  })
  const milliseconds = {}
  const events = await traced(world.browser, async () => {
    // What the browser and the machine take by themselves: the same bytes, read and thrown away.
    const discarded = await phase(page, 'discard', async () => {
      const abort = new AbortController()
      const query =
        'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=300'
      const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json', Range: 'bytes=0-' }
      const response = await fetch(`/api/v1/pods?${query}`, { headers, cache: 'no-store', signal: abort.signal })
      const reader = response.body.getReader()
      for (let tail = ''; !tail.includes('initial-events-end'); ) {
        const { value } = await reader.read()
        tail = (tail + new TextDecoder().decode(value.subarray(-4_096))).slice(-8_192)
      }
      abort.abort()
    })
    milliseconds.discard = discarded.milliseconds

    const arrival = await phase(page, 'arrival', async () => {
      window.watch = client().watchTable(PODS)
      window.view = watch.view({ columns: 'wide', sort: [{ column: 'Age' }], filter: { text: 'a' } })
      view.setWindow(0, 50)
      window.told = 0
      view.subscribe(() => (told += view.getSnapshot().rows.length > 0 ? 1 : 0))
      await until(
        'rows',
        () => view.getSnapshot().rows.length === 50 && view.getSnapshot().rows[49] !== undefined,
        60_000,
      )
      return { total: view.getSnapshot().total, count: view.getSnapshot().count, ...watch.status }
    })
    assert.ok(arrival.result.total > 0.95 * PODS, `${arrival.result.total} rows`)
    assert.equal(arrival.result.phase, 'live')
    assert.ok(arrival.result.count > 0.3 * PODS, `the filter lets ${arrival.result.count} rows pass`)
    milliseconds.arrival = arrival.milliseconds

    const sorted = await phase(page, 'sort', async () => {
      const before = view.getSnapshot().version
      view.update({ sort: [{ column: 'Node', descending: true }, { column: 'Name' }], filter: {} })
      await until(
        'the new order',
        () => view.getSnapshot().version > before && view.getSnapshot().count === view.getSnapshot().total,
      )
    })
    milliseconds.sort = sorted.milliseconds

    await world.control('POST', 'churn', { perSecond: 2_000 })
    const changes = await phase(page, 'changes', async () => {
      const before = told
      await probe.sleep(3_000)
      return told - before
    })
    assert.ok(changes.result > 3, `the view was told ${changes.result} times`)
    milliseconds.changes = changes.milliseconds

    // What is missed while the watch rests is compacted away: a fresh snapshot comes beside the old one, and takes over in one step.
    await page.evaluate(() => watch.pause())
    await new Promise((resolve) => setTimeout(resolve, 500))
    await world.control('POST', 'churn', { perSecond: 0 })
    await world.control('POST', 'compact')
    const resync = await phase(page, 'resync', async () => {
      const { lastSnapshot } = watch.status
      watch.resume()
      await until(
        'another snapshot',
        () => watch.status.phase === 'live' && watch.status.lastSnapshot.added !== lastSnapshot.added,
        60_000,
      )
      return watch.status.lastSnapshot
    })
    assert.ok(resync.result.added < 0.1 * PODS, 'the rows were known')
    milliseconds.resync = resync.milliseconds
  })
  const over = Object.entries(milliseconds)
    .map(([name, took]) => [name, report(name, events, took)])
    .filter(([name]) => name !== 'discard')
  await page.evaluate(() => watch.close())
  await assertNothingLeft({ page, gateway: world.gateway })
  await page.context().close()
  return over
}
