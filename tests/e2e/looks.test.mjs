// How the demo page looks where people have their own wishes: a theme, no motion, a small window, 200 %.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

const ground = (demo) => demo.page.evaluate(() => getComputedStyle(document.body).backgroundColor)

async function open(t, options = {}, { pods = 300, churn = 0 } = {}) {
  const fake = await Fake.start(t, { pods, churn })
  const demo = await Demo.open(t, fake, options)
  await demo.phase('live')
  return { fake, demo }
}

test('a theme by the system, or as chosen; the choice is kept, and applied before anything is drawn', async (t) => {
  const { demo } = await open(t)
  const { page } = demo
  const grounds = {}
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme })
    grounds[colorScheme] = await ground(demo)
  }
  const { light, dark } = grounds
  assert.notEqual(light, dark)
  const choices = page.getByRole('group', { name: 'Theme' })
  assert.ok(await choices.getByLabel('As the system').isChecked())

  await choices.getByLabel('Dark').check()
  assert.equal(await ground(demo), dark)
  await page.addInitScript(() => {
    new MutationObserver((_changes, observer) => {
      if (!document.body) return
      observer.disconnect()
      globalThis.themeAtFirst = document.documentElement.dataset.theme
    }).observe(document, { childList: true, subtree: true })
  })
  await page.reload()
  assert.equal(await page.evaluate(() => globalThis.themeAtFirst), 'dark')
  await demo.phase('live')
  assert.equal(await ground(demo), dark)
  assert.ok(await choices.getByLabel('Dark').isChecked())

  // By the arrow keys, as radio buttons go.
  await choices.getByLabel('Dark').focus()
  await page.keyboard.press('ArrowLeft')
  assert.ok(await choices.getByLabel('Light').isChecked())
  assert.equal(await ground(demo), light)
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.equal(await ground(demo), light, 'the choice outdoes the system')
  await choices.getByLabel('As the system').check()
  assert.equal(await ground(demo), dark)
  await page.reload()
  await demo.phase('live')
  assert.equal(await ground(demo), dark)
  assert.equal(await page.evaluate(() => localStorage.length), 0)
})

test('without motion: nothing fades, breathes or slides', async (t) => {
  const { fake, demo } = await open(
    t,
    { look: { reducedMotion: 'reduce' }, hash: '#/v1/pods?sort=Name' },
    { churn: 100 },
  )
  await demo.page.locator('.flash').first().waitFor()
  await fake.fault({ kind: 'slow-link', bytes: 100_000, match: { path: '/pods' } })
  await fake.mutate({ op: 'create', resource: 'configmaps', namespace: 'default', name: 'elsewhere' })
  await fake.restart()
  await demo.until((status) => status.stale, 'old')
  const moving = await demo.page.evaluate(() =>
    document
      .getAnimations()
      .filter((animation) => animation.effect.getComputedTiming().easing === 'linear')
      .filter((animation) => !animation.effect.getKeyframes().every(({ easing }) => easing.startsWith('steps')))
      .map((animation) => animation.animationName ?? animation.transitionProperty),
  )
  assert.deepEqual(moving, [])
})

const windows = {
  'a desktop': { viewport: { width: 1280, height: 800 } },
  'a wide desktop': { viewport: { width: 2200, height: 1200 } },
  'a tablet': { viewport: { width: 820, height: 1180 } },
  'a phone': { viewport: { width: 360, height: 740 }, hasTouch: true },
  'a phone on its side': { viewport: { width: 740, height: 360 }, hasTouch: true },
  'a desktop at 200 %': { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  // WCAG 2.2, 1.4.10.
  'a desktop at 400 %': { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 },
}

for (const [name, look] of Object.entries(windows)) {
  test(`on ${name}: no sideways scrolling but in the table, nothing cut off, rows to be read`, async (t) => {
    const { demo } = await open(t, { look })
    const { page } = demo
    await page.locator('.facet').first().waitFor()
    for (const state of ['as it opens', 'with the menu and the panel']) {
      if (state !== 'as it opens') {
        await page.getByRole('button', { name: 'Break it' }).click()
        await page.getByRole('button', { name: 'Measure' }).click()
        await page.locator('.figure').first().waitFor()
      }
      const found = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement
        const box = (selector) => document.querySelector(selector).getBoundingClientRect()
        const outside = [...document.querySelectorAll('.bar button, .bar input, .theme label, .status *, .dock *')]
          .filter((element) => {
            const { left, right, width } = element.getBoundingClientRect()
            return width > 0 && (left < -0.5 || right > clientWidth + 0.5)
          })
          .map((element) => element.className || element.textContent)
        const bar = [...document.querySelectorAll('.bar > *')].map((element) => element.getBoundingClientRect())
        const overlaps = bar.some((a, at) =>
          bar.some(
            (b, other) =>
              at < other &&
              a.left < b.right - 1 &&
              b.left < a.right - 1 &&
              a.top < b.bottom - 1 &&
              b.top < a.bottom - 1,
          ),
        )
        return { sideways: scrollWidth - clientWidth, grid: box('.grid').height, outside, overlaps }
      })
      assert.equal(found.sideways, 0, `${state}: ${JSON.stringify(found)}`)
      assert.deepEqual(found.outside, [], state)
      assert.equal(found.overlaps, false, state)
      assert.ok(found.grid >= 120, `${state}: the table is ${found.grid} px high`)
    }
    // The status stays in sight beside what breaks the server.
    const trouble = page.getByRole('button', { name: /^Server is down/ })
    await trouble.scrollIntoViewIfNeeded()
    await trouble.click()
    await page.locator('.grid[data-stale]').waitFor()
    if (look.viewport.height < 500) return
    await page.locator('.trouble[aria-pressed=true]').waitFor()
    for (const selector of ['.badge', '.notes']) {
      await page.locator(selector).waitFor()
      const { top, bottom } = await page.locator(selector).evaluate((element) => {
        const { top, bottom } = element.getBoundingClientRect()
        return { top, bottom }
      })
      assert.ok(top >= 0 && bottom <= look.viewport.height, `${selector} from ${top} to ${bottom}`)
    }
  })
}
