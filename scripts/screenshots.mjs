// Pictures of the demo page in each of its states, to be looked at: `npm run screenshots [-- STATE…] [--to FOLDER]`.
// With `--readme` those that the README shows, as WebP.
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildFakeServer, spawnFakeServer } from './lib/fake-server.mjs'
import { buildPage, pageFolder } from './lib/page.mjs'
import { pageStates } from './lib/page-states.mjs'
import { root, run, step } from './lib/run.mjs'
import { nodeModules, tool } from './tools.mjs'

const pods = 10_000

const desktop = { width: 1280, height: 760 }
const looks = [
  { suffix: 'light', colorScheme: 'light', viewport: desktop },
  { suffix: 'dark', colorScheme: 'dark', viewport: desktop },
  { suffix: 'tablet', colorScheme: 'light', viewport: { width: 820, height: 1100 } },
  { suffix: 'phone', colorScheme: 'dark', viewport: { width: 390, height: 760 } },
  // What a desktop window has room for at 200 %.
  { suffix: 'zoom', colorScheme: 'light', viewport: { width: 640, height: 380 }, deviceScaleFactor: 2 },
]

const { values, positionals } = parseArgs({
  options: { readme: { type: 'boolean' }, to: { type: 'string' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !pageStates.some((state) => state.name === name))
if (unknown.length > 0) {
  console.error(`no such state: ${unknown.join(', ')}; there are ${pageStates.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const inReadme = ['live', 'object', 'broken']
const wanted = values.readme ? inReadme : positionals.length > 0 ? positionals : pageStates.map(({ name }) => name)
const folder = resolve(root, values.to ?? (values.readme ? 'docs/images' : 'screenshots'))

await mkdir(folder, { recursive: true })
await nodeModules()
await step('package', () => run(process.execPath, ['scripts/build.mjs', '--only']))
await buildPage()
const program = await step('fake API server', () => buildFakeServer())
// Not before: it may just have been installed.
const { chromium } = await import('playwright-core')
const browser = await chromium.launch({
  executablePath: await tool('chromium'),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
try {
  for (const state of pageStates.filter(({ name }) => wanted.includes(name))) {
    await step(state.name, async () => {
      for (const look of values.readme ? looks.slice(0, 2) : looks) await picture(state, look)
    })
  }
} finally {
  await browser.close()
}
console.log(`  ${folder}`)

async function picture({ name, profile = '1.37', hash = '', faults, until, act }, { suffix, ...look }) {
  const server = await spawnFakeServer(program, { profile, pods, churn: 200, seed: 1, www: pageFolder })
  const control = (path, body) => fetch(`${server.url}/_fake/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const page = await browser.newPage(look)
  try {
    for (const fault of faults?.(pods) ?? []) await control('faults', fault)
    await page.goto(`${server.url}/${hash}`)
    await page.locator(until).first().waitFor({ timeout: 30_000 })
    if (!name.startsWith('sync')) await sleep(400)
    await act?.(page, control)
    await sleep(300)
    const png = await page.screenshot()
    const file = join(folder, `${name}-${suffix}`)
    if (values.readme) await writeFile(`${file}.webp`, await webp(png))
    else await writeFile(`${file}.png`, png)
  } finally {
    await page.close()
    await server.stop()
  }
}

/** A third of the size of a PNG; the browser has the encoder. */
async function webp(png) {
  const page = await browser.newPage()
  const url = await page.evaluate(
    async (source) => {
      const image = new Image()
      image.src = source
      await image.decode()
      const canvas = document.createElement('canvas')
      canvas.width = image.width
      canvas.height = image.height
      canvas.getContext('2d').drawImage(image, 0, 0)
      return canvas.toDataURL('image/webp', 0.85)
    },
    `data:image/png;base64,${png.toString('base64')}`,
  )
  await page.close()
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
}
