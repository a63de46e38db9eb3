// What a person does with the demo page: choose, sort, filter, read, by mouse and by keyboard.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

const column = (shown, name) => shown.rows.map((row) => row[shown.columns.indexOf(name)])

test('a click on a header sorts, up, down and not at all', async (t) => {
  const fake = await Fake.start(t, { pods: 200 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  const header = demo.page.getByRole('columnheader', { name: 'Name', exact: true })
  for (const [sort, order] of [
    ['ascending', 1],
    ['descending', -1],
  ]) {
    await header.getByRole('button').click()
    await demo.page.waitForFunction((wanted) => document.querySelector(`[aria-sort=${wanted}]`), sort)
    assert.equal(await header.getAttribute('aria-sort'), sort)
    const names = await settled(
      demo,
      (shown) => column(shown, 'Name'),
      (found) => isSorted(found, order),
    )
    assert.equal(names.length, 200)
    assert.ok(isSorted(names, order), names.join(' '))
  }
  assert.match(demo.page.url(), /sort=-Name/)
  await header.getByRole('button').click()
  assert.equal(await header.getAttribute('aria-sort'), 'none')
})

test('the filter: text, values of a column, labels', async (t) => {
  const fake = await Fake.start(t, { pods: 300 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  const { rows, columns } = await fake.state()
  const status = rows.map((row) => row.cells[columns.indexOf('Status')])
  const running = status.filter((value) => value === 'Running').length
  const filter = demo.page.getByRole('searchbox', { name: 'Filter' })

  await filter.fill('status:Running')
  await demo.until((now) => now.rows === running, `${running} that run`)
  assert.match(await demo.page.locator('.matches').textContent(), new RegExp(`^${running} of 300 pods match`))

  const name = rows[17].name
  await filter.fill(name.toUpperCase())
  await demo.until((now) => now.rows === 1, 'one row')
  assert.deepEqual(column(await demo.rows(), 'Name'), [name])

  await filter.fill('nothing-is-called-this')
  await demo.until((now) => /No pods match/.test(now.notice), 'the notice')
  await demo.page.getByRole('button', { name: 'Clear the filter' }).click()
  await demo.until((now) => now.rows === 300, 'all rows')
})

test('the values of Status are counted, and a click filters by one', async (t) => {
  const fake = await Fake.start(t, { pods: 400 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  const { rows, columns } = await fake.state()
  const counts = new Map()
  for (const row of rows) {
    const value = row.cells[columns.indexOf('Status')]
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  const expected = [...counts].sort((a, b) => b[1] - a[1]).map(([value, count]) => `${value} ${count}`)
  const facets = demo.page.locator('.facet')
  const shown = await settled(
    demo,
    async () => await facets.allTextContents(),
    (found) => found.length === expected.length,
  )
  assert.deepEqual([...shown].sort(), [...expected].sort())
  const [value, count] = [...counts].sort((a, b) => a[1] - b[1])[0]
  await facets.filter({ hasText: value }).first().click()
  await demo.until((now) => now.rows === count, `${count} rows`)
  assert.match(decodeURIComponent(demo.page.url()), /q=status:/)
})

test('wide columns come on demand', async (t) => {
  const fake = await Fake.start(t, { pods: 50 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  const narrow = (await demo.rows()).columns
  assert.ok(!narrow.includes('Node'))
  await demo.page.getByLabel('Wide').check()
  await demo.page.getByRole('columnheader', { name: 'Node', exact: true }).waitFor()
  await demo.matches()
})

test('another resource and namespace are chosen from what the server has, and back works', async (t) => {
  const fake = await Fake.start(t, { pods: 100 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  await demo.page.getByRole('button', { name: /^Resource / }).click()
  await demo.page.getByRole('combobox').fill('deploy')
  await demo.page.keyboard.press('Enter')
  await demo.until((now) => now.phase === 'live' && /deployments/.test(now.sentence), 'deployments')
  await demo.matches('/apis/apps/v1/deployments')

  await demo.page.getByRole('button', { name: /^Namespace / }).click()
  const names = (await fake.state('/api/v1/namespaces')).rows.map((row) => row.name)
  for (const name of names) await demo.page.getByRole('option', { name, exact: true }).waitFor()
  await demo.page.getByRole('option', { name: 'kube-system', exact: true }).click()
  await demo.until((now) => now.phase === 'live', 'live')
  assert.match(demo.page.url(), /#\/apps\/v1\/deployments\?namespace=kube-system$/)

  await demo.page.goBack()
  await demo.page.goBack()
  await demo.until((now) => now.phase === 'live' && /pods/.test(now.sentence), 'pods again')
  await demo.matches()
})

test('a cell that changes flashes; the others do not', async (t) => {
  const fake = await Fake.start(t, { pods: 30 })
  const demo = await Demo.open(t, fake, { hash: '#/v1/pods?sort=Name' })
  await demo.phase('live')
  await demo.drawn()
  const { rows } = await fake.state()
  const { name, namespace } = rows.toSorted((a, b) => (a.name < b.name ? -1 : 1))[2]
  assert.equal(await demo.page.locator('.flash').count(), 0)
  await fake.mutate({ op: 'terminate', resource: 'pods', namespace, name })
  await demo.page.locator('.flash').first().waitFor()
  const flashing = demo.page.locator('[role=row]', { has: demo.page.locator('.flash') })
  assert.equal(await flashing.count(), 1)
  assert.match(await flashing.textContent(), new RegExp(`^${name}`))
  assert.match(await flashing.textContent(), /Terminating/)
})

test('the keyboard: from the filter to a row, and the row is followed when the order changes', async (t) => {
  const fake = await Fake.start(t, { pods: 60 })
  const demo = await Demo.open(t, fake, { hash: '#/v1/pods?sort=Name' })
  await demo.phase('live')
  await demo.drawn()
  await demo.page.keyboard.press('/')
  assert.equal(await demo.page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Filter')
  const grid = demo.page.getByRole('grid')
  await grid.focus()
  for (let times = 0; times < 3; times += 1) await grid.press('ArrowDown')
  const active = demo.page.locator('.row-active')
  assert.equal(await active.getAttribute('aria-rowindex'), '4')
  assert.equal(await grid.getAttribute('aria-activedescendant'), await active.getAttribute('id'))
  const key = await active.getAttribute('data-key')
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: '0-first' })
  // Nothing moves under who is at a row; by key it does.
  await demo.page.locator('.waiting').waitFor()
  await grid.press('u')
  await demo.page.waitForFunction(() => document.querySelector('.row-active')?.getAttribute('aria-rowindex') === '5')
  assert.equal(await active.getAttribute('data-key'), key)
})

test('text of the cluster is text', async (t) => {
  const fake = await Fake.start(t, { pods: 20 })
  const demo = await Demo.open(t, fake, { hash: '#/v1/events?wide' })
  await demo.phase('live')
  const { rows } = await fake.state('/api/v1/events')
  const markup = '<img src=x onerror="document.title=`broken`"><b>bold</b>'
  const { name, namespace } = rows[0]
  await fake.mutate({ op: 'patch', resource: 'events', namespace, name, object: { message: markup } })
  await demo.page.getByText(markup, { exact: true }).first().waitFor()
  assert.equal(await demo.page.locator('.grid img, .grid b').count(), 0)
  assert.notEqual(await demo.page.title(), 'broken')
})

test('no such resource: the notice says so', async (t) => {
  const fake = await Fake.start(t, { pods: 10 })
  const demo = await Demo.open(t, fake, { hash: '#/example.com/v1/unicorns' })
  const status = await demo.phase('failed')
  assert.match(status.notice, /no such resource \(HTTP 404\)/)
})

test('an empty namespace: the notice says so, and the first object appears by itself', async (t) => {
  const fake = await Fake.start(t, { pods: 10 })
  await fake.mutate({ op: 'create', resource: 'namespaces', name: 'empty' })
  const demo = await Demo.open(t, fake, { hash: '#/v1/pods?namespace=empty' })
  const status = await demo.phase('live')
  assert.match(status.notice, /No pods in empty/)
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'empty', name: 'first' })
  await demo.until((now) => now.rows === 1, 'the first row')
})

test('a resource that cannot be watched is offered, polled, and said to be', async (t) => {
  const fake = await Fake.start(t, { pods: 10 })
  const demo = await Demo.open(t, fake, { clock: true })
  await demo.phase('live')
  await demo.page.getByRole('button', { name: /^Resource / }).click()
  await demo.page.getByRole('combobox').fill('componentstatuses')
  await demo.page.getByRole('option', { name: /ComponentStatus · cs · not live/ }).click()
  const status = await demo.phase('polling')
  assert.match(status.sentence, /^Poll\/Table · 3 componentstatuses in /)
  assert.match(status.notes, /^Poll because: The server refused \(HTTP 405\).*componentstatuses/)
  assert.equal(status.stale, false)
  await demo.matches('/api/v1/componentstatuses')

  await fake.mutate({
    op: 'patch',
    resource: 'componentstatuses',
    name: 'scheduler',
    object: { conditions: [{ type: 'Healthy', status: 'False', message: 'out for lunch' }] },
  })
  // Longer than from one poll to the next.
  await demo.page.clock.fastForward('00:40')
  await demo.page.getByText('out for lunch', { exact: true }).waitFor()
  await demo.matches('/api/v1/componentstatuses')
  assert.deepEqual(
    (await fake.asked('/componentstatuses')).map(({ kind, status }) => [kind, status]),
    [
      ['watchlist', 405],
      ['list', 200],
      ['list', 200],
    ],
  )
})

test('dark where the person wants it dark, and readable', async (t) => {
  const fake = await Fake.start(t, { pods: 20 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  const looks = {}
  for (const colorScheme of ['light', 'dark']) {
    await demo.page.emulateMedia({ colorScheme })
    looks[colorScheme] = await demo.page.evaluate(() => {
      const of = (selector) => {
        const { color, backgroundColor } = getComputedStyle(document.querySelector(selector))
        return { color, backgroundColor }
      }
      return { body: of('body'), grid: of('.grid') }
    })
  }
  const { light, dark } = looks
  for (const part of ['body', 'grid']) {
    const ground = { light: luminance(light[part].backgroundColor), dark: luminance(dark[part].backgroundColor) }
    assert.ok(ground.light > 0.7 && ground.dark < 0.05, `${part}: ${JSON.stringify(looks)}`)
    for (const look of [light, dark]) {
      const both = [luminance(look[part].color), luminance(look[part].backgroundColor)].sort((a, b) => b - a)
      const contrast = (both[0] + 0.05) / (both[1] + 0.05)
      // WCAG 2.2, 1.4.6.
      assert.ok(contrast >= 7, `${part}: contrast ${contrast}`)
    }
  }
})

test('by keyboard alone: from the filter to the table, through its rows, and to another order', async (t) => {
  const fake = await Fake.start(t, { pods: 60 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  const { keyboard } = demo.page
  const focused = () =>
    demo.page.evaluate(() => {
      const at = document.activeElement
      return at?.getAttribute('role') ?? `${at?.closest('[role=columnheader]')?.firstChild?.firstChild?.textContent}`
    })
  const tabTo = async (wanted) => {
    for (let times = 0; times < 25; times += 1) {
      await keyboard.press('Tab')
      if ((await focused()) === wanted) return
    }
    assert.fail(`Tab does not reach ${wanted}`)
  }
  await keyboard.press('/')
  await tabTo('grid')
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  const active = demo.page.locator('.row-active')
  await active.waitFor()
  assert.equal(await active.getAttribute('aria-rowindex'), '3')
  await keyboard.press('End')
  await demo.page.waitForFunction(() => document.querySelector('.row-active')?.getAttribute('aria-rowindex') === '61')
  await keyboard.press('Home')

  await tabTo('Name')
  for (const [key, sort, order] of [
    ['Enter', 'ascending', 1],
    ['Space', 'descending', -1],
  ]) {
    await keyboard.press(key)
    await demo.page.waitForFunction((wanted) => document.querySelector(`[aria-sort=${wanted}]`), sort)
    const names = await settled(
      demo,
      (shown) => column(shown, 'Name'),
      (found) => isSorted(found, order),
    )
    assert.equal(names.length, 60)
    assert.ok(isSorted(names, order), names.join(' '))
    assert.equal(await focused(), 'Name', 'the focus stays')
  }
})

/** Relative luminance of an opaque colour as browsers write it, from 0 to 1 (WCAG 2.2). */
function luminance(color) {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color)
  assert.ok(parts, color)
  const [red, green, blue] = parts.slice(1).map((part) => {
    const value = Number(part) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Reads until what is read is as wanted; the last reading otherwise. */
async function settled(demo, read, wanted) {
  let found
  for (const end = Date.now() + 60_000; Date.now() < end; await demo.page.waitForTimeout(60)) {
    found = await read(await demo.rows())
    if (wanted(found)) break
  }
  return found
}

/** Names as people order them: `web-2` before `web-10`. */
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

function isSorted(names, order) {
  return names.every((name, index) => index === 0 || collator.compare(names[index - 1], name) * order <= 0)
}
