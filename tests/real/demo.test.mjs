// `npm start -- --apiserver`: from the command line to a live page before a real API server that is written to, and Ctrl-C.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { versions } from '../../scripts/apiserver.mjs'
import { root } from '../../scripts/lib/run.mjs'
import { launch } from './lib/browsers.mjs'

const patience = 120_000

describe('the demo before a real API server', () => {
  let browser
  before(async () => {
    browser = await launch('Chromium')
  })
  after(() => browser?.end())

  for (const [name, { version }] of Object.entries(versions)) {
    it(name, { timeout: 2 * patience }, async (t) => {
      const args = ['--apiserver', name, '--pods', '300', '--churn', '40']
      const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), ...args], { cwd: root })
      t.after(() => child.kill('SIGKILL'))
      const ended = new Promise((resolve) => child.once('close', resolve))
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
      const url = await until(`an address in: ${said}`, () => /^ +(http:\/\/127\.0\.0\.1:\d+)\/?$/m.exec(said)?.[1])
      assert.match(said, new RegExp(`Kubernetes v${version}, 40 writes a second`))

      const list = async () => (await fetch(`${url}/api/v1/pods?limit=1000`)).json()
      const { items, metadata } = await list()
      assert.ok(items.length > 200, `${items.length} pods`)
      const running = items.filter(({ status }) => status.phase === 'Running')
      assert.ok(running.length > 100, `${running.length} of them run`)
      await until('a write', async () => (await list()).metadata.resourceVersion !== metadata.resourceVersion)

      await browser.open(url)
      // The page's word for it, and as many pods as there are, give or take what is written meanwhile.
      await until('a live page', async () => {
        const text = await browser.text()
        const shown = Number(/([\d,]+) pods/.exec(text)?.[1].replace(',', ''))
        return /^Live$/m.test(text) && Math.abs(shown - (await list()).items.length) < 30
      })

      child.kill('SIGINT')
      assert.equal(await ended, 0, said)
      await assert.rejects(fetch(`${url}/version`), 'the proxy ended with it')
    })
  }
})

async function until(what, holds) {
  const deadline = performance.now() + patience
  for (;;) {
    const value = await holds()
    if (value) return value
    if (performance.now() > deadline) assert.fail(`never: ${what}`)
    await sleep(100)
  }
}
