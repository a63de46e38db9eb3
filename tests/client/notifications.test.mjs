/** Who is told, when and how often: once a frame at most, by a timer where no frames come, and not at all where nothing changed. */
import assert from 'node:assert/strict'

import { endBookmark, stream, tableEvent } from './events.mjs'
import { assertNothingLeft, launchAsUser, openPage, test, until, useWorld } from './harness.mjs'

const world = useWorld({ settings: { pods: 2000 } })

const finish = async (page) => {
  await page.evaluate(() => watch.close())
  await assertNothingLeft({ page, gateway: world.gateway })
}

/** Opens pods and a view of the first 50, and waits until rows are shown. */
const open = (page, request = '{}', options = `{ sort: [{ column: 'Name' }] }`) =>
  page.evaluate(`(async () => {
    window.watch = client().watchTable({ ...PODS, ...(${request}) })
    window.view = watch.view(${options})
    view.setWindow(0, 50)
    await until('rows', () => view.getSnapshot().rows.length > 0)
  })()`)

test('at most one notification an animation frame under 2,000 events a second, and every change arrives', async () => {
  const page = await world.newPage()
  await open(page, '{}', `{ sort: [{ column: 'Age' }] }`)
  await world.control('POST', 'churn', { perSecond: 2_000 })
  const seen = await page.evaluate(async () => {
    const { bytes } = watch.status.progress
    // The time of the frame is the same for all that runs in it; where no frame comes for a second, a timer tells, and that is no frame.
    const told = { view: [], status: [] }
    const note = () => ({ frame: document.timeline.currentTime, at: performance.now() })
    let frames = 0
    const count = () => {
      frames += 1
      requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
    const versions = []
    view.subscribe(() => {
      told.view.push(note())
      versions.push(view.getSnapshot().version)
    })
    watch.addEventListener('status', () => told.status.push(note()))
    await probe.sleep(4_000)
    // A busy machine takes longer for as many.
    await until('2 MB of events', () => watch.status.progress.bytes - bytes > 2_000_000, 30_000)
    await until('six of each', () => told.view.length > 5 && told.status.length > 5)
    return { told, versions, frames }
  })
  await world.control('POST', 'churn', { perSecond: 0 })
  for (const [who, told] of Object.entries(seen.told)) {
    const twice = told.filter(
      ({ frame, at }, index) => told[index - 1]?.frame === frame && at - told[index - 1].at < 900,
    )
    assert.deepEqual(twice, [], `${who}: told more than once in a frame`)
    const frames = new Set(told.map(({ frame }) => frame)).size
    assert.ok(frames <= seen.frames + 1, `${who}: told in ${frames} of ${seen.frames} frames`)
  }
  assert.equal(new Set(seen.versions).size, seen.versions.length, 'each notification brings another snapshot')
  // What is shown at the end is what the server has.
  await page.evaluate(async () => {
    view.setWindow(0, 10_000)
    const has = async () => {
      const { items } = await (await fetch('/api/v1/pods')).json()
      return items.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).sort()
    }
    const shows = () =>
      view
        .getSnapshot()
        .rows.map(({ meta }) => `${meta.uid} ${meta.resourceVersion}`)
        .sort()
    await until('every change', async () => `${shows()}` === `${await has()}`)
    // The counter of frames above is the page's own.
    watch.close()
  })
})

test('who hears that a table is live finds the rows in its views', async () => {
  const page = await world.newPage()
  const seen = await page.evaluate(async () => {
    window.watch = client().watchTable(PODS)
    const views = [0, 1, 2, 3].map(() => watch.view({ sort: [{ column: 'Name' }] }))
    for (const view of views) view.setWindow(0, 50)
    const seen = []
    watch.addEventListener('status', ({ detail }) =>
      seen.push({ phase: detail.phase, rows: views.map((view) => view.getSnapshot().rows.length) }),
    )
    await watch.synced
    // The status that is read is the same as the one that is told.
    seen.push({ phase: watch.status.phase, rows: views.map((view) => view.getSnapshot().rows.length) })
    await until('live', () => watch.status.phase === 'live' && seen.at(-1)?.phase === 'live')
    return seen
  })
  for (const { phase, rows } of seen) {
    if (phase === 'live') assert.deepEqual(rows, [50, 50, 50, 50], JSON.stringify(seen))
  }
  assert.equal(seen.at(-1).phase, 'live')
  await finish(page)
})

test('after a sleep in which only the wall clock went on, a stream that may be dead is not called live', async () => {
  const page = await world.newPage()
  await open(page)
  const seen = await page.evaluate(async () => {
    await until('live', () => watch.status.phase === 'live')
    const told = []
    watch.addEventListener('status', ({ detail }) => told.push(detail.phase))
    const { now } = Date
    Date.now = () => now() + 3_600_000
    const waking = watch.status.phase
    // It is asked and found alive, whoever looks at it or not.
    await until('told', () => told.includes('stale'), 20_000)
    await until('live again', () => told.at(-1) === 'live', 20_000)
    return { waking, told }
  })
  assert.equal(seen.waking, 'stale', JSON.stringify(seen))
  await finish(page)
})

test('the snapshot is the same object while nothing changes, and nobody is told', async () => {
  const page = await world.newPage()
  // No column that ticks is shown.
  await open(page, '{}', `{ columns: ['Name', 'Status'], sort: [{ column: 'Name' }] }`)
  const result = await page.evaluate(async () => {
    await probe.sleep(200)
    const before = view.getSnapshot()
    let told = 0
    view.subscribe(() => (told += 1))
    view.setWindow(0, 50)
    view.update({ sort: [{ column: 'Name' }] })
    await probe.sleep(2_500)
    const { status } = watch
    return {
      same: view.getSnapshot() === before,
      told,
      sameStatus: watch.status === status,
      frozen: Object.isFrozen(before) && Object.isFrozen(before.rows),
    }
  })
  assert.deepEqual(result, { same: true, told: 0, sameStatus: true, frozen: true })
  await finish(page)
})

test('after a change of one row all the others are the same objects', async () => {
  const page = await world.newPage()
  const namespace = 'same-rows'
  await world.control('POST', 'mutate', { op: 'create', resource: 'configmaps', namespace, name: 'cm', count: 30 })
  await page.evaluate(async (namespace) => {
    window.watch = client().watchTable({ version: 'v1', resource: 'configmaps', namespaces: [namespace] })
    window.view = watch.view({ columns: ['Name', 'Data'], sort: [{ column: 'Name' }] })
    view.setWindow(0, 50)
    await until('rows', () => view.getSnapshot().rows.length === 30)
    window.before = view.getSnapshot()
  }, namespace)
  await world.control('POST', 'mutate', {
    op: 'patch',
    resource: 'configmaps',
    namespace,
    name: 'cm-7',
    object: { data: { more: 'x' } },
  })
  const result = await page.evaluate(async () => {
    const after = await until('the change', () => view.getSnapshot() !== before && view.getSnapshot())
    const others = after.rows.filter((row, index) => row !== before.rows[index])
    return {
      changed: others.map(({ meta }) => meta.name),
      cells: others[0]?.cells,
      columns: after.columns === before.columns,
      version: after.version - before.version,
    }
  })
  assert.deepEqual(result.changed, ['cm-7'])
  assert.equal(String(result.cells[1]), '2')
  assert.equal(result.columns, true)
  assert.equal(result.version, 1)
  await finish(page)
})

test('ages tick without a word from the server', async () => {
  const page = await world.newPage()
  const namespace = 'ticking'
  await world.control('POST', 'mutate', { op: 'create', resource: 'configmaps', namespace, name: 'young' })
  await page.evaluate(async (namespace) => {
    window.watch = client().watchTable({ version: 'v1', resource: 'configmaps', namespaces: [namespace] })
    window.view = watch.view()
    view.setWindow(0, 5)
    await until('the row', () => view.getSnapshot().rows.length === 1)
  }, namespace)
  const before = world.gateway.requests.length
  const result = await page.evaluate(async () => {
    const age = () => {
      const { columns, rows } = view.getSnapshot()
      return rows[0].cells[columns.findIndex(({ name }) => name === 'Age')]
    }
    const created = Date.parse(view.getSnapshot().rows[0].meta.creationTimestamp)
    const ages = []
    view.subscribe(() => ages.push([age(), Math.floor((Date.now() - created) / 1_000)]))
    await until('five ticks', () => ages.length >= 5)
    return ages
  })
  for (const [shown, real] of result) {
    assert.match(String(shown), /^\d+s$/)
    assert.ok(Math.abs(Number.parseInt(shown, 10) - real) <= 1, `shown as ${shown} after ${real} s`)
  }
  assert.ok(new Set(result.map(([shown]) => shown)).size >= 4, `${result}`)
  assert.equal(world.gateway.requests.length, before)
  await finish(page)
})

test('a hidden page is told by a timer, and by frames again when it is looked at', async () => {
  let response
  world.gateway.script = (_request, answer) => {
    response = stream(answer)
    response.write(tableEvent('ADDED', { name: 'a', value: '0', first: true }) + endBookmark(2))
    return true
  }
  const browser = await launchAsUser()
  try {
    const page = await openPage(browser.context, world.gateway.url)
    await open(page, '{}', '{}')
    const other = await browser.context.newPage()
    await other.bringToFront()
    await until('the page is hidden', () => page.evaluate(() => document.visibilityState === 'hidden'))
    const told = page.evaluate(async () => {
      let frames = 0
      requestAnimationFrame(() => (frames += 1))
      const values = (window.values = [])
      const stop = view.subscribe(() => values.push(view.getSnapshot().rows[0].cells[1]))
      await until('two changes', () => values.at(-1) === '2', 20_000)
      stop()
      return { values, frames, visibility: document.visibilityState }
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    response.write(tableEvent('MODIFIED', { name: 'a', value: '1', version: 3 }))
    await until('the first is told', () => page.evaluate(() => values.at(-1) === '1'))
    response.write(tableEvent('MODIFIED', { name: 'a', value: '2', version: 4 }))
    const { values, frames, visibility } = await told
    assert.equal(visibility, 'hidden')
    assert.equal(frames, 0, 'the hidden page has frames: this test shows nothing')
    assert.deepEqual(values, ['1', '2'])

    await page.bringToFront()
    await until('the page is visible', () => page.evaluate(() => document.visibilityState === 'visible'))
    // A frame that was asked for while the page was hidden may still come.
    await page.evaluate(() => probe.sleep(1_200))
    // A timer takes a second at least; a busy machine may too, but not mostly.
    const waits = []
    for (const value of ['3', '4', '5', '6', '7']) {
      const told = page.evaluate((value) => until(value, () => view.getSnapshot().rows[0].cells[1] === value), value)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const sent = performance.now()
      response.write(tableEvent('MODIFIED', { name: 'a', value, version: Number(value) + 2 }))
      await told
      waits.push(performance.now() - sent)
    }
    const median = waits.toSorted((a, b) => a - b)[2]
    assert.ok(median < 800, `a visible page was told after ${waits} ms: by the timer, not by a frame`)
    await page.evaluate(() => watch.close())
    await assertNothingLeft({ page, gateway: world.gateway })
  } finally {
    await browser.close()
  }
})
