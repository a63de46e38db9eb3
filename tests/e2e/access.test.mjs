// Access to the demo page: each of its states judged by axe, in light and dark; the keyboard; what is told of rows that
// are no elements.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import axe from 'axe-core'
import { pageStates } from '../../scripts/lib/page-states.mjs'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

const pods = 400
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds wrong, a line each. */
async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
  const results = await page.evaluate(async (values) => {
    const { violations, passes } = await globalThis.axe.run({ runOnly: { type: 'tag', values } })
    return { violations, passes: passes.length }
  }, rules)
  assert.ok(results.passes > 20, `only ${results.passes} rules applied`)
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  )
}

describe('axe finds nothing', () => {
  for (const { name, profile, hash, faults, until, act } of pageStates) {
    test(name, async (t) => {
      const fake = await Fake.start(t, { pods, churn: 40, ...(profile && { profile }) })
      for (const fault of faults?.(pods) ?? []) await fake.fault(fault)
      const demo = await Demo.open(t, fake, { hash })
      const { page } = demo
      await page.locator(until).first().waitFor()
      await act?.(page, (path, body) =>
        fetch(`${fake.url}/_fake/${path}`, { method: 'POST', body: JSON.stringify(body) }),
      )
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme })
        // Chromium keeps the colours in which a flash began.
        await page.evaluate(() => {
          for (const animation of document.getAnimations()) if (animation.animationName === 'flash') animation.finish()
        })
        assert.deepEqual(await violations(page), [], colorScheme)
      }
    })
  }

  test('and would find something: a button without a name, and pale text', async (t) => {
    const demo = await Demo.open(t, await Fake.start(t, { pods: 20 }))
    await demo.phase('live')
    await demo.page.evaluate(() => {
      document.querySelector('.tool').textContent = ''
      document.querySelector('.sentence').style.color = '#bbb'
    })
    const found = (await violations(demo.page)).map((line) => line.split(':')[0])
    assert.deepEqual([...new Set(found)].sort(), ['button-name', 'color-contrast'])
  })
})

test('roles and numbers of rows that are no elements', async (t) => {
  const fake = await Fake.start(t, { pods: 900 })
  const demo = await Demo.open(t, fake, { hash: '#/v1/pods?sort=Name' })
  await demo.phase('live')
  const grid = demo.page.getByRole('grid', { name: 'pods' })
  const read = () =>
    grid.evaluate((element) => {
      const rows = [...element.querySelectorAll('[role=row]')]
      return {
        count: Number(element.getAttribute('aria-rowcount')),
        columns: Number(element.getAttribute('aria-colcount')),
        indices: rows.map((row) => Number(row.getAttribute('aria-rowindex'))),
        cells: rows.map((row) => [...row.children].map((cell) => Number(cell.getAttribute('aria-colindex')))),
        roles: [...new Set([...element.querySelectorAll('.body [role=row] > *')].map((cell) => cell.role))],
        drawn: rows.map((row) => row.children[0].textContent),
      }
    })
  for (const key of ['Home', 'PageDown', 'PageDown', 'End']) {
    await grid.press(key)
    await demo.page.locator('.row-active[data-key]').waitFor()
    const { count, columns, indices, cells, roles, drawn } = await read()
    assert.equal(count, 901, 'the header included')
    assert.equal(indices[0], 1)
    assert.deepEqual(
      indices.slice(1),
      indices.slice(1).map((_, index) => indices[1] + index),
      'in order and without gaps',
    )
    assert.ok(indices.length < 80 && indices.at(-1) <= count)
    const numbers = Array.from({ length: columns }, (_, index) => index + 1)
    for (const row of cells) assert.deepEqual(row, numbers)
    assert.deepEqual(roles, ['gridcell'])
    const names = drawn.slice(1).filter(Boolean)
    assert.ok(names.length > 10)
    const active = Number(await demo.page.locator('.row-active').getAttribute('aria-rowindex'))
    assert.ok(indices.includes(active))
  }
  await demo.page.getByRole('searchbox', { name: 'Filter' }).fill('status:Running')
  await demo.until((now) => now.rows > 0 && now.rows < 900, 'fewer rows')
  assert.equal((await read()).count, (await demo.status()).rows + 1)
})

test('everything is reached by Tab, in the order in which it is seen, and shows that it is', async (t) => {
  const fake = await Fake.start(t, { pods: 60 })
  const demo = await Demo.open(t, fake)
  await demo.phase('live')
  await demo.page.locator('.facet').first().waitFor()
  await demo.page.getByRole('button', { name: 'Break it' }).click()
  await demo.page.getByRole('button', { name: 'Measure' }).click()
  await demo.page.evaluate(() => document.activeElement?.blur())
  const stops = []
  for (let presses = 0; presses < 80; presses += 1) {
    await demo.page.keyboard.press('Tab')
    const stop = await demo.page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return undefined
      const seen = element.matches('.theme input') ? element.closest('label') : element
      const { outlineStyle, outlineWidth } = getComputedStyle(seen)
      const part = element.closest('.bar, .facets, .grid, .dock, .stats')?.className
      return { part, outline: `${outlineStyle} ${outlineWidth}`, name: element.textContent || element.ariaLabel }
    })
    if (stop === undefined) break
    stops.push(stop)
  }
  const order = ['bar', 'facets', 'grid', 'dock', 'stats']
  const parts = stops.map(({ part }) => part)
  assert.deepEqual([...new Set(parts)], order, JSON.stringify(stops))
  assert.deepEqual(
    parts,
    [...parts].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
    'no part is entered twice',
  )
  for (const { outline, name } of stops) assert.match(outline, /^(solid|auto) [1-9]/, name)
})
