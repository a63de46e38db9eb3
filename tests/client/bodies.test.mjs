/** How the bodies of answers are read: into buffers that are used again, and in whatever form a caller's `fetch` hands them out. */
import assert from 'node:assert/strict'

import { assertNothingLeft, test, useWorld } from './harness.mjs'

const PODS = 6_000
const world = useWorld({ settings: { pods: PODS } })

/** A page that counts what is read in which way, and the buffers that are made for it. */
async function countingPage() {
  const page = await world.newPage()
  await page.evaluate(() => {
    window.counted = { byob: 0, lengths: [], default: 0, made: 0 }
    const byob = ReadableStreamBYOBReader.prototype
    const { read } = byob
    byob.read = function (view) {
      counted.byob += 1
      counted.lengths.push(view.byteLength)
      return read.call(this, view)
    }
    const other = ReadableStreamDefaultReader.prototype
    const readChunk = other.read
    other.read = function () {
      counted.default += 1
      return readChunk.call(this)
    }
    window.ArrayBuffer = class extends ArrayBuffer {
      constructor(length) {
        counted.made += 1
        super(length)
      }
    }
  })
  return page
}

/** Follows pods until all of them are there; resolves to what was counted. */
async function follow(page, options = '{}') {
  const counted = await page.evaluate(`(async () => {
    window.watch = client(${options}).watchTable(PODS)
    const view = watch.view()
    await watch.synced
    await until('rows', () => view.getSnapshot().total > 0)
    return { ...counted, total: view.getSnapshot().total, mode: watch.status.mode }
  })()`)
  assert.equal(counted.total, PODS)
  assert.equal(counted.mode, 'watchlist')
  await page.evaluate(() => watch.close())
  await assertNothingLeft({ page, gateway: world.gateway })
  return counted
}

test('a body of the browser is read into a few buffers', async () => {
  const { byob, lengths, default: chunks, made } = await follow(await countingPage())
  assert.equal(chunks, 0)
  assert.ok(byob >= 20, `${byob} reads`)
  assert.deepEqual([...new Set(lengths)], [512 << 10], 'each is offered a whole buffer')
  assert.ok(made <= 4, `${made} buffers for ${byob} reads`)
})

test('in a browser that has no such reader, chunk by chunk', async () => {
  const page = await countingPage()
  await page.evaluate(() => {
    delete window.ReadableStreamBYOBReader
  })
  const { byob, default: chunks } = await follow(page)
  assert.equal(byob, 0)
  assert.ok(chunks > 0)
})

for (const [what, stream] of [
  ['that is no byte stream', '{ pull }'],
  ['that is a byte stream', "{ type: 'bytes', pull }"],
]) {
  test(`a caller's body ${what}`, async () => {
    const { byob, default: chunks } = await follow(
      await countingPage(),
      `{
        fetch: async (url, init) => {
          const response = await fetch(url, init)
          const reader = response.body.getReader()
          const pull = async (controller) => {
            const { done, value } = await reader.read()
            if (done) controller.close()
            else controller.enqueue(value)
          }
          return new Response(new ReadableStream(${stream}), response)
        },
      }`,
    )
    // The caller itself reads chunk by chunk.
    assert.ok(chunks > 0)
    assert.equal(byob > 0, stream.includes('bytes'))
  })
}
