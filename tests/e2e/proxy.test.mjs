// The demo page in front of a cluster, through the read-only proxy; and what a page of another site gets from it.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, test } from 'node:test'
import { Credentials } from '../../proxy/credentials.mjs'
import { startProxy } from '../../proxy/server.mjs'
import { pageFolder } from '../../scripts/lib/page.mjs'
import { browser, closeBrowser, Demo } from './lib/demo.mjs'
import { Fake } from './lib/fake.mjs'

after(closeBrowser)

async function proxied(t, options) {
  const fake = await Fake.start(t, options)
  const proxy = await startProxy({ credentials: new Credentials({ server: fake.url }), page: pageFolder })
  t.after(() => proxy.close())
  return { fake, proxy }
}

test('the page is live through the proxy, and says that it only reads', async (t) => {
  const { fake, proxy } = await proxied(t, { pods: 300 })
  const demo = await Demo.open(t, fake, { url: proxy.url })
  const status = await demo.phase('live')
  assert.match(status.sentence, /^WatchList\/Table · 300 pods/)
  await demo.matches()
  await fake.mutate({ op: 'create', resource: 'pods', namespace: 'default', name: 'fresh' })
  await demo.until((now) => now.rows === 301, 'one more')
  await demo.matches()
  assert.match(await demo.page.locator('.connection').textContent(), /127\.0\.0\.1:\d+ · anonymous · read-only/)
  assert.equal(await demo.page.getByRole('button', { name: 'Break it' }).count(), 0)
  assert.deepEqual(demo.complaints, [], 'the console is empty')
})

test('a page of another site can neither write, nor read, nor ask', async (t) => {
  const { fake, proxy } = await proxied(t, { pods: 10 })
  const evil = http.createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<!doctype html><title>evil</title>')
  })
  await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve))
  t.after(() => evil.close())
  const page = await (await browser()).newPage()
  t.after(() => page.close())
  await page.goto(`http://127.0.0.1:${evil.address().port}/`)
  const before = (await fake.requests()).length
  const answers = await page.evaluate(async (target) => {
    const said = async (path, init) =>
      await fetch(`${target}${path}`, init).then(
        async (answer) => `${answer.type} ${await answer.text()}`,
        () => 'refused',
      )
    const found = [
      await said('/api/v1/pods', {}),
      await said('/api/v1/pods', { mode: 'no-cors' }),
      await said('/api/v1/namespaces/default/pods', {
        method: 'POST',
        mode: 'no-cors',
        body: '{"kind":"Pod"}',
      }),
      await said('/_connection', {}),
    ]
    const image = new Image()
    await new Promise((resolve) => {
      image.onload = image.onerror = resolve
      image.src = `${target}/api/v1/secrets`
    })
    return found
  }, proxy.url)
  assert.deepEqual(answers, ['refused', 'refused', 'refused', 'refused'])
  assert.equal((await fake.requests()).length, before, 'nothing reached the server')
})
