// The demo page in Chromium, as a person sees it: what the status says, and what the table shows.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { headlessChromium } from '../../../scripts/tools.mjs'
import { slowDown } from '../../common/slow.mjs'
import { until } from './until.mjs'

// No test looks at what a graphics processor would draw, and to play one takes a sixth of the time.
const args = ['--disable-gpu', '--disable-software-rasterizer', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]

let running

/** One browser for all tests of a process. */
export async function browser() {
  running ??= headlessChromium().then((executablePath) => chromium.launch({ executablePath, args }))
  return running
}

export async function closeBrowser() {
  await (await running)?.close()
  running = undefined
}

export class Demo {
  constructor(page, fake) {
    this.page = page
    this.fake = fake
    /** Errors that the page did not catch, and what its policy refused. */
    this.problems = []
    /** Errors and warnings in the console, those that the browser itself writes among them. */
    this.complaints = []
  }

  /** Opens the page before a server; it closes with the test, which fails if the page met an error. */
  static async open(t, fake, { hash = '', clock = false, url = fake.url, look = {} } = {}) {
    const context = await (await browser()).newContext({ viewport: { width: 1280, height: 800 }, ...look })
    context.setDefaultTimeout(60_000)
    const page = await context.newPage()
    await slowDown(page)
    const demo = new Demo(page, fake)
    page.on('pageerror', (error) => demo.problems.push(error.message))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        demo.complaints.push(`${message.text()} ${message.location().url}`)
      if (/Content Security Policy|panicked|RuntimeError/.test(message.text())) demo.problems.push(message.text())
    })
    t.after(async () => {
      await context.close()
      assert.deepEqual(demo.problems, [])
    })
    if (clock) await page.clock.install()
    await page.addInitScript(recordSteps)
    await page.goto(`${url}/${hash}`)
    return demo
  }

  /** What the status line says now. */
  status() {
    return this.page.evaluate(() => {
      const line = document.querySelector('.status')
      return {
        phase: line?.getAttribute('data-phase') ?? 'none',
        sentence: line?.querySelector('.sentence')?.textContent ?? '',
        silence: line?.querySelector('.silence')?.textContent ?? '',
        notes: [...(line?.querySelectorAll('.notes li') ?? [])].map((note) => note.textContent).join('\n'),
        rows: Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') ?? 1) - 1,
        stale: document.querySelector('[role=grid]')?.getAttribute('aria-busy') === 'true',
        notice: document.querySelector('.notice')?.textContent ?? '',
      }
    })
  }

  /** Waits until the status is as wanted; says what it was instead. */
  async until(wanted, what, limit = 60_000) {
    const end = Date.now() + limit
    for (;;) {
      const status = await this.status()
      if (wanted(status)) return status
      if (Date.now() > end)
        assert.fail(`not ${what}: ${JSON.stringify(status)}; steps: ${JSON.stringify(await this.steps())}`)
      await sleep(40)
    }
  }

  phase(phase, limit) {
    return this.until((status) => status.phase === phase, phase, limit)
  }

  /** Every status since the page opened, in order, without repetitions. */
  steps() {
    return this.page.evaluate(() => globalThis.steps)
  }

  /** Waits for a step that may be over before anybody asks for the status. */
  saw(wanted, what) {
    return until(
      () => this.steps(),
      (steps) => steps.some(wanted),
      what,
      60_000,
    )
  }

  /** Waits until every row that is drawn has come: a place is drawn before its row is read. */
  async drawn() {
    await this.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.body [role=row]')]
      // The heads are counted too; an empty table has no grid.
      const count = Number(document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') ?? 1) - 1
      return (rows.length > 0 || count === 0) && rows.every((row) => row.hasAttribute('data-key'))
    })
  }

  /** All rows as they are drawn, by scrolling through the table. */
  async rows() {
    return await this.page.evaluate(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
      const grid = document.querySelector('[role=grid]')
      if (!grid) return { columns: [], rows: [] }
      const columns = [...grid.querySelectorAll('[role=columnheader] .heading')].map(
        (heading) => heading.firstChild?.textContent ?? '',
      )
      const count = Number(grid.getAttribute('aria-rowcount')) - 1
      const rows = []
      for (let top = 0; ; top += grid.clientHeight - 60) {
        grid.scrollTop = top
        for (let tries = 0; tries < 20; tries += 1) {
          await frame()
          const drawn = [...grid.querySelectorAll('.body [role=row]')]
          if (drawn.length > 0 && drawn.every((row) => row.hasAttribute('data-key'))) break
        }
        for (const row of grid.querySelectorAll('.body [role=row][data-key]')) {
          const index = Number(row.getAttribute('aria-rowindex')) - 2
          rows[index] = [...row.querySelectorAll('[role=gridcell]')].map((cell) => cell.textContent ?? '')
        }
        if (top >= grid.scrollHeight - grid.clientHeight) break
      }
      grid.scrollTop = 0
      return { columns, rows: rows.slice(0, count) }
    })
  }

  /**
   * Whether the table shows what the server has, cell by cell; the rows are in any order.
   * `times: false` leaves out how long each thing lasted.
   */
  async matches(path = '/api/v1/pods', { times = true } = {}) {
    let difference = 'nothing was compared'
    // Ages tick, and a last write may still be on its way: the two must agree at some moment, soon.
    // A reading of a long table may take seconds, and the first may have begun before the write was shown.
    const end = Date.now() + 10_000
    for (let readings = 0; readings < 3 || Date.now() < end; readings += 1) {
      const columns = await this.#expectedColumns(path)
      const began = Date.now()
      const shown = await this.rows()
      const truth = await this.fake.state(path)
      // What was read first has aged while the others were read.
      const aged = (Date.now() - began) / 1000
      difference = compare(shown, truth, columns, times ? aged : Number.POSITIVE_INFINITY)
      if (difference === undefined) return
      await sleep(100)
    }
    assert.fail(difference)
  }

  /** The columns that have to be shown, in order: those of the server's own Table, or ours for plain objects. */
  async #expectedColumns(path) {
    const { columns, namespaced } = await this.fake.table(path)
    const wide = await this.page.getByLabel('Wide').isChecked()
    const plain = /\/Object/.test((await this.status()).sentence)
    const [name, ...more] = plain
      ? ['Name', 'Age']
      : columns.filter(({ priority }) => wide || priority === 0).map((column) => column.name)
    const spansNamespaces = namespaced && !/\/namespaces\/[^/]+\//.test(path)
    return [name, ...(spansNamespaces ? ['Namespace'] : []), ...more]
  }
}

/** The first difference between the table as shown, and the columns and rows that the server has. */
function compare(shown, truth, columns, aged) {
  if (shown.columns.join() !== columns.join()) return `the columns ${shown.columns} are shown instead of ${columns}`
  if (shown.rows.length !== truth.rows.length)
    return `${shown.rows.length} rows are shown, the server has ${truth.rows.length}`
  // It changed its place while the table was read through.
  const hole = Array.from(shown.rows).findIndex((row) => !row)
  if (hole >= 0) return `row ${hole} was never read`
  const at = (name) => shown.columns.indexOf(name)
  const keyed = new Map(shown.rows.map((row) => [`${row[at('Namespace')] ?? ''}/${row[at('Name')]}`, row]))
  for (const row of truth.rows) {
    const key = `${at('Namespace') < 0 ? '' : row.namespace}/${row.name}`
    const cells = keyed.get(key)
    if (cells === undefined) return `${key} is not shown`
    for (const [index, name] of truth.columns.entries()) {
      if (at(name) < 0) continue
      const expected =
        row.cells[index] === null
          ? ''
          : typeof row.cells[index] === 'object'
            ? JSON.stringify(row.cells[index])
            : String(row.cells[index])
      if (!sameText(cells[at(name)], expected, aged))
        return `${key}, ${name}: ${cells[at(name)]} is shown, the server has ${expected}`
    }
  }
  return undefined
}

const duration = /\d+(?:\.\d+)?[ydhms](?:\d+[dhms])?/g
const units = { y: 31_536_000, d: 86_400, h: 3_600, m: 60, s: 1 }

/** Equal but for the seconds that passed between two readings, and the precision in which the server sends durations. */
function sameText(shown, expected, aged) {
  if (shown === expected) return true
  if (shown.replaceAll(duration, '#') !== expected.replaceAll(duration, '#')) return false
  const [before, after] = [shown, expected].map((text) => (text.match(duration) ?? []).map(seconds))
  return before.every(
    (mine, index) => Math.abs(mine.value - after[index].value) <= aged + Math.max(2, mine.unit, after[index].unit),
  )
}

/** `4m59s` as 299 seconds, given to the second. */
function seconds(text) {
  const parts = [...text.matchAll(/([\d.]+)([ydhms])/g)].map(([, number, unit]) => [Number(number), units[unit]])
  return { value: parts.reduce((sum, [number, unit]) => sum + number * unit, 0), unit: parts.at(-1)[1] }
}

/** Runs in the page: notes each status that is drawn, with what is said of it at first. */
function recordSteps() {
  globalThis.steps = []
  const note = () => {
    const line = document.querySelector('.status')
    if (!line) return
    const grid = document.querySelector('[role=grid]')
    const step = {
      phase: line.getAttribute('data-phase'),
      rows: grid ? Number(grid.getAttribute('aria-rowcount')) - 1 : 0,
      stale: grid?.getAttribute('aria-busy') === 'true',
      notes: [...line.querySelectorAll('.notes li')].map((note) => note.textContent).join('\n'),
    }
    const last = globalThis.steps.at(-1)
    if (last?.phase !== step.phase || last.rows !== step.rows || last.stale !== step.stale) globalThis.steps.push(step)
  }
  new MutationObserver(note).observe(document, { subtree: true, childList: true, attributes: true })
}
