// Rows while the table moves: what is gone stays for a moment, who is at a row is not moved, and what is selected stays so.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'
import { until } from './lib/until.mjs'

after(closeBrowser)

const byName = '#/v1/pods?sort=Name'

async function open(t, { hash = byName, pods = 60, ...options } = {}) {
  const fake = await Fake.start(t, { pods, ...options })
  const demo = await Demo.open(t, fake, { hash, ...options })
  await demo.phase('live')
  await demo.drawn()
  const { rows } = await fake.state()
  const { page } = demo
  return {
    ...{ fake, demo, page, grid: page.getByRole('grid') },
    sorted: rows.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    row: (name) => page.locator('[role=row]', { hasText: name }),
    remove: ({ namespace, name }) => fake.mutate({ op: 'delete', resource: 'pods', namespace, name }),
    create: (name, more = {}) => fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name, ...more }),
  }
}

/** Names in the order in which they are drawn, and which of them are struck through. */
const drawn = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.body [role=row]')]
      .map((row) => ({
        index: Number(row.getAttribute('aria-rowindex')),
        name: row.querySelector('.cell-name')?.textContent,
        gone: row.classList.contains('row-gone'),
      }))
      .sort((a, b) => a.index - b.index),
  )

test('a deleted row stays where it was, struck through, and goes after some seconds', async (t) => {
  const { demo, page, grid, sorted, row, remove, create } = await open(t, { pods: 20 })
  const before = (await drawn(page)).map(({ name }) => name)
  const victim = sorted[4]
  await page.evaluate(recordNames)
  await remove(victim)
  await page.locator('.row-gone').waitFor()
  const [rows, description, count, missing] = await Promise.all([
    drawn(page),
    row(victim.name).getAttribute('aria-description'),
    grid.getAttribute('aria-rowcount'),
    page.evaluate(() => globalThis.missing),
  ])
  // The rows around it may move; it stays between them.
  await create('0-first')
  // A row that comes into the window is read a moment later.
  const moved = await until(
    () => drawn(page),
    (rows) => rows.length === before.length + 1 && rows.every(({ name }) => name),
    'one more',
  )
  assert.deepEqual(
    moved.map(({ name }) => name),
    ['0-first', ...before],
  )
  assert.deepEqual(
    rows.map(({ name, gone }) => [name, gone]),
    before.map((name) => [name, name === victim.name]),
  )
  assert.equal(description, 'deleted')
  // To assistive technology it is a row like the others.
  assert.equal(count, `${before.length + 1}`)
  assert.deepEqual(
    rows.map(({ index }) => index),
    before.map((_, index) => index + 2),
  )
  assert.deepEqual(missing, [], 'it went away and came back, or another row moved up for a moment')

  await page.locator('.row-gone').waitFor({ state: 'detached' })
  const [stayed] = await page.evaluate(() => globalThis.stayed)
  assert.ok(stayed > 3500 && stayed < 6000, `it stayed for ${stayed} ms`)
  await demo.matches()

  /** Runs in the page: notes every frame in which fewer rows are drawn than before, and for how long a row was there that is gone. */
  function recordNames() {
    globalThis.missing = []
    globalThis.stayed = []
    let began
    new MutationObserver(() => {
      const isThere = document.querySelector('.row-gone') !== null
      if (isThere) began ??= performance.now()
      else if (began !== undefined) {
        globalThis.stayed.push(performance.now() - began)
        began = undefined
      }
    }).observe(document.body, { subtree: true, childList: true, attributes: true })
    const all = document.querySelectorAll('.body [role=row]').length
    const note = () => {
      const now = document.querySelectorAll('.body [role=row]').length
      if (now < all) globalThis.missing.push(now)
      if (globalThis.missing.length === 0) requestAnimationFrame(note)
    }
    requestAnimationFrame(note)
  }
})

test('the last of a table too; and then the table is empty', async (t) => {
  const { fake, demo, page } = await open(t, { hash: '#/v1/pods?namespace=lonely', pods: 10 })
  const pod = { resource: 'pods', namespace: 'lonely', name: 'only' }
  await fake.mutate({ op: 'create', resource: 'namespaces', name: 'lonely' })
  await fake.mutate({ ...pod, op: 'create' })
  await demo.until(({ rows }) => rows === 1, 'one row')
  await demo.drawn()
  await fake.mutate({ ...pod, op: 'delete' })
  await page.locator('.row-gone', { hasText: 'only' }).waitFor()
  await demo.until(({ notice }) => /No pods in lonely/.test(notice), 'the notice')
})

test('what no longer passes the filter is not struck through, what is deleted is', async (t) => {
  const { fake, page, create, row } = await open(t, { hash: '#/v1/pods?q=label:mark%3Dyes' })
  const labels = { metadata: { labels: { mark: 'yes' } }, spec: { containers: [{ name: 'main' }] } }
  for (const name of ['stays', 'leaves', 'dies']) await create(name, { object: labels })
  await until(
    () => drawn(page),
    (rows) => rows.length === 3 && rows.every(({ name }) => name),
    'three rows',
  )
  const pod = { resource: 'pods', namespace: 'default' }
  await page.evaluate(() => {
    globalThis.struck = new Set()
    new MutationObserver(() => {
      for (const row of document.querySelectorAll('.row-gone .cell-name')) globalThis.struck.add(row.textContent)
    }).observe(document.body, { subtree: true, childList: true, attributes: true })
  })
  await fake.mutate({ ...pod, op: 'patch', name: 'leaves', object: { metadata: { labels: { mark: 'no' } } } })
  await row('leaves').waitFor({ state: 'detached' })
  await fake.mutate({ ...pod, op: 'delete', name: 'dies' })
  await page.locator('.row-gone', { hasText: 'dies' }).waitFor()
  await row('dies').waitFor({ state: 'detached' })
  assert.deepEqual(await page.evaluate(() => [...globalThis.struck]), ['dies'])
  // A filter that is typed strikes nothing through either.
  await page.getByRole('searchbox', { name: 'Filter' }).fill('stay')
  await until(
    () => drawn(page),
    (rows) => rows.length === 1,
    'one row',
  )
  assert.deepEqual(await page.evaluate(() => [...globalThis.struck]), ['dies'])
})

test('the order holds while a row has the focus: what waits is counted, and applied by key', async (t) => {
  const { fake, demo, page, grid, sorted, create, remove } = await open(t, { pods: 20 })
  const waiting = page.locator('.waiting')
  await grid.focus()
  await create('0-before-anybody-is-at-a-row')
  await until(
    () => drawn(page),
    (rows) => rows[0].name === '0-before-anybody-is-at-a-row',
    'not held yet',
  )
  for (let times = 0; times < 3; times += 1) await grid.press('ArrowDown')
  const before = await drawn(page)
  const active = page.locator('.row-active')
  const key = await active.getAttribute('data-key')
  await create('0-first')
  await remove(sorted[5])
  await waiting.getByRole('button', { name: /^Apply 2 changes/ }).waitFor()
  assert.deepEqual(
    (await drawn(page)).map(({ name }) => name),
    before.map(({ name }) => name),
    'nothing moved',
  )
  assert.deepEqual(
    (await drawn(page)).filter(({ gone }) => gone).map(({ name }) => name),
    [sorted[5].name],
    'but what is gone says so',
  )
  // Cells go on changing.
  await fake.mutate({ op: 'terminate', resource: 'pods', namespace: sorted[2].namespace, name: sorted[2].name })
  await page.locator('[role=row]', { hasText: sorted[2].name }).getByText('Terminating').waitFor()

  await grid.press('u')
  await waiting.waitFor({ state: 'detached' })
  await until(
    () => drawn(page),
    (rows) => rows[0].name === '0-before-anybody-is-at-a-row' && rows[1].name === '0-first',
    'applied',
  )
  assert.equal(await active.getAttribute('data-key'), key)
  assert.equal(await grid.getAttribute('aria-activedescendant'), await active.getAttribute('id'))
  // It holds on.
  await create('0-second')
  await waiting.getByRole('button', { name: /^Apply 1 change/ }).waitFor()
  assert.equal(
    (await drawn(page)).some(({ name }) => name === '0-second'),
    false,
  )
  // By mouse as well, and the row keeps the focus.
  await waiting.getByRole('button').click()
  await waiting.waitFor({ state: 'detached' })
  assert.equal(await grid.evaluate((element) => document.activeElement === element), true)
  // And it follows again when one leaves the row, or the table.
  const follows = (name) =>
    until(
      () => drawn(page),
      (rows) => rows.some((row) => row.name === name),
      `${name} is there`,
    )
  await create('0-third')
  await waiting.waitFor()
  await grid.press('Escape')
  await follows('0-third')
  await grid.press('Home')
  await create('0-fourth')
  await waiting.waitFor()
  await page.getByRole('searchbox', { name: 'Filter' }).focus()
  await follows('0-fourth')
  await demo.matches()
})

test('the order holds while a menu is open', async (t) => {
  const { demo, page, create } = await open(t, { pods: 20 })
  const before = await drawn(page)
  await page.getByRole('button', { name: /^Resource/ }).click()
  await create('0-first')
  await page.locator('.waiting').getByText('while the menu is open').waitFor()
  assert.deepEqual(await drawn(page), before)
  await page.keyboard.press('Escape')
  await until(
    () => drawn(page),
    (rows) => rows[0].name === '0-first',
    'released',
  )
  await demo.matches()
})

test('the selection is an object: it outlives sort, filter, resync and reload, and the address has it', async (t) => {
  const { fake, demo, page, grid, sorted } = await open(t, { pods: 120 })
  const active = page.locator('.row-active')
  await grid.focus()
  for (let times = 0; times < 4; times += 1) await grid.press('ArrowDown')
  const { namespace, name } = sorted[3]
  assert.equal(await active.locator('.cell-name').textContent(), name)
  const key = await active.getAttribute('data-key')
  await page.waitForURL(new RegExp(`row=${namespace}/${name}$`))

  const isActive = (what) =>
    until(
      async () => ((await active.count()) === 1 ? await active.getAttribute('data-key') : undefined),
      (found) => found === key,
      what,
    )
  const filter = page.getByRole('searchbox', { name: 'Filter' })
  await filter.fill('nothing-is-called-this')
  await demo.until(({ notice }) => /No pods match/.test(notice), 'none match')
  await filter.fill(sorted[60].name)
  await demo.until(({ rows }) => rows === 1, 'another one')
  assert.equal(await active.count(), 0, 'nobody else is selected')
  await filter.fill(name)
  await demo.until(({ rows }) => rows === 1, 'only it')
  await isActive('selected where it passes')
  await filter.fill('')
  await demo.until(({ rows }) => rows === 120, 'all')
  await isActive('selected after the filter')

  const header = page.getByRole('columnheader', { name: 'Name', exact: true }).getByRole('button')
  await header.click()
  await page.locator('[aria-sort=descending]').waitFor()
  await grid.press('End')
  await grid.press('Home')
  await page.goto(page.url())
  await fake.restart()
  await demo.until(({ phase, stale }) => phase === 'live' && !stale, 'live again')
  const selected = await active.locator('.cell-name').textContent()
  await page.waitForURL(new RegExp(`row=[^/]+/${selected}$`))
  const before = await active.getAttribute('data-key')

  await page.reload()
  await demo.phase('live')
  await until(
    async () => ((await active.count()) === 1 ? await active.getAttribute('data-key') : undefined),
    (found) => found === before,
    'selected by the address',
  )
})

test('a row that the address names is brought into view', async (t) => {
  const { fake, page, sorted } = await open(t, { pods: 400 })
  const { namespace, name } = sorted[300]
  await page.goto('about:blank')
  await page.goto(`${fake.url}/${byName}&row=${namespace}/${name}`)
  const active = page.locator('.row-active')
  await active.waitFor()
  assert.equal(await active.locator('.cell-name').textContent(), name)
  assert.equal(await active.getAttribute('aria-rowindex'), '302')
  const box = await active.boundingBox()
  assert.ok(box.y > 0 && box.y < 800, 'it can be seen')
})

test('typed keys: ages by creation, ratios and counts by number, spans by length', async (t) => {
  const { demo, page } = await open(t, { hash: '#/v1/pods', pods: 120 })
  const column = async (name) => {
    const { columns, rows } = await demo.rows()
    return rows.map((row) => row[columns.indexOf(name)])
  }
  const span = (text) => [...text.matchAll(/(\d+)([ydhms])/g)].reduce((sum, [, n, unit]) => sum + n * units[unit], 0)
  const units = { y: 31_536_000, d: 86_400, h: 3_600, m: 60, s: 1 }
  const ratio = (text) => text.split('/').map(Number)
  const rules = {
    Age: (a, b) => span(a) - span(b),
    Restarts: (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
    Ready: (a, b) => ratio(a)[0] - ratio(b)[0] || ratio(a)[1] - ratio(b)[1],
  }
  for (const [name, compare] of Object.entries(rules)) {
    for (const [times, sort] of [
      [1, 'ascending'],
      [-1, 'descending'],
    ]) {
      await page.getByRole('columnheader', { name, exact: true }).getByRole('button').click()
      await page.locator(`[aria-sort=${sort}]`).waitFor()
      const values = await until(
        () => column(name),
        (found) => found.every((value, index) => index === 0 || compare(found[index - 1], value) * times <= 0),
        `${name} ${sort}`,
      )
      assert.equal(values.length, 120)
      assert.ok(new Set(values).size > 1, 'there is something to sort')
    }
    await page.getByRole('columnheader', { name, exact: true }).getByRole('button').click()
  }
})

test('typed keys of a custom resource: quantities by size, numbers by value', async (t) => {
  const { fake, demo, page } = await open(t, { hash: '#/harbor.example/v1/boats?wide&q=sorted-', pods: 10 })
  const boats = [
    ['250Mi', 9.5],
    ['1.5Gi', 10],
    ['900Ki', -2],
    ['100m', 1e3],
  ]
  for (const [index, [notes, length]] of boats.entries())
    await fake.mutate({
      ...{ op: 'create', resource: 'boats', namespace: 'default', name: `sorted-${index}` },
      object: { spec: { notes, length } },
    })
  await demo.until(({ rows }) => rows === boats.length, 'all boats')
  for (const [name, expected] of [
    ['Notes', '100m 900Ki 250Mi 1.5Gi'],
    ['Length', '-2 9.5 10 1000'],
  ]) {
    await page.getByRole('columnheader', { name, exact: true }).getByRole('button').click()
    await until(
      async () => {
        const { columns, rows } = await demo.rows()
        return rows.map((row) => row[columns.indexOf(name)]).join(' ')
      },
      (found) => found === expected,
      `${name}: ${expected}`,
    )
  }
})

test('the filter follows each key that is typed, in ten thousand rows too', async (t) => {
  const { fake, demo, page } = await open(t, { hash: '#/v1/pods', pods: 10_000 })
  const { rows } = await fake.state()
  const { name } = rows[4321]
  const filter = page.getByRole('searchbox', { name: 'Filter' })
  await filter.pressSequentially(name, { delay: 15 })
  const expected = rows.filter((row) => row.name.includes(name)).length
  await demo.until(({ rows: found }) => found === expected, `${expected} rows`)
  await page.waitForURL(new RegExp(`q=${name}$`))
  await filter.press('Escape')
  await demo.until(({ rows: found }) => found === rows.length, 'all rows')
})
