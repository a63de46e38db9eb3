// The states that the demo page can be in, and how it comes to each: for pictures, and for the tests of access.
import { setTimeout as sleep } from 'node:timers/promises'

const pods = { path: '/pods' }
const live = '[data-phase=live]'

async function openFirst(page) {
  await page.locator('[role=row][aria-rowindex="2"]').click()
}

/**
 * @typedef {object} PageState
 * @property {string} name
 * @property {string} [profile] how the server behaves
 * @property {string} [hash] the page's address
 * @property {(pods: number) => object[]} [faults] what the server is told first
 * @property {string} until what must be there
 * @property {(page: import('playwright-core').Page, control: Control) => Promise<unknown>} [act] what is done then
 */
/** @typedef {(path: string, body: object) => Promise<unknown>} Control `POST /_fake/PATH` */

/** @type {readonly PageState[]} */
export const pageStates = [
  {
    name: 'live',
    hash: '#/v1/pods?sort=Age',
    until: live,
    act: (page) => page.locator('.flash').first().waitFor(),
  },
  {
    name: 'syncing',
    // Far longer than it takes to look at it.
    faults: (count) => [{ kind: 'slow-link', bytes: count * 100, match: pods }],
    until: '[data-phase=syncing] .sentence',
    act: (page) => page.waitForFunction(() => /^[1-9]/.test(document.querySelector('.counter')?.textContent ?? '')),
  },
  {
    name: 'stale',
    until: live,
    act: async (page, control) => {
      await control('faults', { kind: 'unavailable', match: pods })
      await control('restart', {})
      await page.locator('.grid[data-stale]').waitFor()
      await page.getByText('Next try in').waitFor()
    },
  },
  {
    name: 'resuming',
    until: live,
    act: async (page, control) => {
      await control('faults', { kind: 'too-many-requests', retryAfter: 30, match: { ...pods, request: 'watch' } })
      await control('restart', {})
      await page.locator('[data-phase=resuming]').waitFor()
      await page.getByText('Next try in').waitFor()
    },
  },
  { name: 'auth', faults: () => [{ kind: 'unauthorized', match: pods }], until: '[data-phase=auth]' },
  { name: 'forbidden', faults: () => [{ kind: 'forbidden', user: 'jane', match: pods }], until: '[data-phase=failed]' },
  { name: 'empty', hash: '#/v1/pods?namespace=nothing-here', until: live },
  { name: 'no-such-resource', hash: '#/example.com/v1/unicorns', until: '[data-phase=failed]' },
  {
    name: 'server-gone',
    faults: () => [{ kind: 'unavailable', match: pods }],
    until: '.notes',
  },
  {
    name: 'filtered',
    hash: '#/v1/pods?q=status:CrashLoopBackOff',
    until: live,
    act: (page) => page.locator('.facet[aria-pressed=true]').waitFor(),
  },
  { name: 'no-match', hash: '#/v1/pods?q=nothing-is-called-this', until: '.notice .button' },
  { name: 'fallback', profile: '1.26', until: live },
  { name: 'polling', hash: '#/v1/componentstatuses', until: '[data-phase=polling]' },
  { name: 'wide', hash: '#/v1/pods?wide&sort=-Restarts', until: live },
  {
    name: 'resources',
    until: live,
    act: (page) => page.getByRole('button', { name: /^Resource / }).click(),
  },
  {
    name: 'namespaces',
    until: live,
    act: (page) => page.getByRole('button', { name: /^Namespace / }).click(),
  },
  {
    name: 'object',
    until: live,
    act: async (page) => {
      await openFirst(page)
      await page.locator('.drawer .yaml').waitFor()
    },
  },
  {
    name: 'secret',
    hash: '#/v1/secrets',
    until: live,
    act: async (page) => {
      await openFirst(page)
      await page.getByRole('button', { name: /values/i }).waitFor()
    },
  },
  {
    name: 'no-object',
    hash: '#/v1/pods?open=default/nobody',
    until: live,
    act: (page) => page.locator('.drawer [role=alert]').waitFor(),
  },
  {
    // At a row, whose order holds.
    name: 'held',
    hash: '#/v1/pods?sort=Age',
    until: live,
    act: async (page) => {
      await page.getByRole('grid').focus()
      await page.keyboard.press('ArrowDown')
      await page.locator('.waiting').waitFor()
    },
  },
  {
    name: 'deleted',
    hash: '#/v1/pods?q=CrashLoopBackOff',
    until: live,
    act: async (page, control) => {
      await page.locator('[role=row][data-key]').first().waitFor()
      const [name, namespace] = await page.locator('[role=row] [role=gridcell]').allTextContents()
      await control('mutate', { op: 'delete', resource: 'pods', namespace, name })
      await page.locator('.row-gone').waitFor()
    },
  },
  {
    name: 'faults',
    until: live,
    act: (page) => page.getByRole('button', { name: 'Break it' }).click(),
  },
  {
    name: 'broken',
    until: live,
    act: async (page) => {
      await page.getByRole('button', { name: 'Break it' }).click()
      await page.getByRole('button', { name: /^Server is down/ }).click()
      await page.locator('.grid[data-stale]').waitFor()
      await page.locator('.trouble[aria-pressed=true]').waitFor()
      // Until it is stale for a while.
      await sleep(2500)
      await page.getByText('Next try in').waitFor()
    },
  },
  {
    name: 'measured',
    until: live,
    act: async (page) => {
      await page.getByRole('button', { name: 'Measure' }).click()
      await page.locator('.figure polyline[points*=" "]').first().waitFor({ state: 'attached' })
      await sleep(3000)
    },
  },
]
