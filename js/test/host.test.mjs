import assert from 'node:assert/strict'
import { test } from 'node:test'

import { PageHost } from '../../dist/host.js'

const host = (options, callbacks = {}) =>
  new PageHost({ baseUrl: '/k8s', ...options }, { changed() {}, wake() {}, ...callbacks })
const { signal } = new AbortController()

test('the protocol owns its headers, the token its own', async () => {
  const headers = {
    accept: 'text/html',
    RANGE: 'bytes=5-',
    'Accept-Encoding': 'br',
    'X-Team': 'a',
    Authorization: 'Basic x',
  }
  const sent = await host({ headers, getToken: async () => 'secret' }).headers('watch', '/api/v1/pods', false, signal)
  assert.deepEqual(Object.fromEntries(sent), { authorization: 'Bearer secret', 'x-team': 'a' })
})

test('headers may be a function, told what the request is for', async () => {
  const asked = []
  const headers = async (request) => {
    asked.push(request)
    return [['x-kind', request.kind]]
  }
  const sent = await host({ headers }).headers('list', '/api/v1/pods', false, signal)
  assert.equal(sent.get('x-kind'), 'list')
  assert.deepEqual(asked, [{ kind: 'list', path: '/api/v1/pods' }])
})

test('a token is asked for with refresh and signal; none sends none', async () => {
  const asked = []
  const getToken = (options) => void asked.push(options)
  const sent = await host({ getToken }).headers('watch', '/', true, signal)
  assert.equal(sent.has('authorization'), false)
  assert.equal(asked[0].refresh, true)
  assert.equal(asked[0].signal, signal)
})

test('whatever the caller does ends as a promise', async () => {
  const throwing = () => {
    throw 'no error object'
  }
  await assert.rejects(host({ headers: throwing }).headers('watch', '/', false, signal))
  await assert.rejects(host({ headers: { 'bad name': 'x' } }).headers('watch', '/', false, signal))
  await assert.rejects(host({ fetch: throwing }).fetch('/x', {}))
  for (const nonsense of [undefined, null, 7, {}, { status: 200 }, { status: '200', headers: new Headers() }]) {
    await assert.rejects(host({ fetch: async () => nonsense }).fetch('/x', {}), TypeError)
  }
  const response = { status: 200, headers: new Headers(), body: null }
  assert.equal(await host({ fetch: async () => response }).fetch('/x', {}), response)
})

test('base addresses', () => {
  assert.equal(host({ baseUrl: 'https://api.example/' }).baseUrl(), 'https://api.example')
  assert.equal(host({ baseUrl: () => 'https://api.example/a//' }).baseUrl(), 'https://api.example/a')
  assert.equal(host({ baseUrl: '/k8s' }).baseUrl(), '/k8s')
  globalThis.document = { baseURI: 'https://page.example/app/index.html' }
  try {
    assert.equal(host({ baseUrl: '/k8s/' }).baseUrl(), 'https://page.example/k8s')
    assert.equal(host({ baseUrl: 'k8s' }).baseUrl(), 'https://page.example/app/k8s')
    assert.equal(host({ baseUrl: '' }).baseUrl(), 'https://page.example')
  } finally {
    delete globalThis.document
  }
})

test('one timer, the last one asked for, and none beyond what setTimeout counts', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let woken = 0
  const page = host({}, { wake: () => (woken += 1) })
  page.arm(10)
  page.arm(50)
  t.mock.timers.tick(49)
  assert.equal(woken, 0)
  t.mock.timers.tick(1)
  assert.equal(woken, 1)
  page.arm(10)
  page.arm(-1)
  t.mock.timers.tick(1000)
  assert.equal(woken, 1)
  page.arm(1e15)
  t.mock.timers.tick(1000)
  assert.equal(woken, 1)
})

test('release ends the timer and aborts what is under way', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let woken = 0
  const page = host({}, { wake: () => (woken += 1) })
  const [over, running] = [page.controller(), page.controller()]
  page.finished(over)
  page.arm(10)
  page.release()
  page.arm(10)
  t.mock.timers.tick(1000)
  assert.equal(page.controller().signal.aborted, true)
  assert.deepEqual([over.signal.aborted, running.signal.aborted, woken], [false, true, 0])
})

test('a body is cancelled with its signal, also one that comes too late', async () => {
  const cancelled = []
  const body = (name) => new ReadableStream({ cancel: () => void cancelled.push(name) })
  const page = host({ fetch: async (url) => new Response(body(url)) })
  const { signal } = page.controller()
  const response = await page.fetch('read', { signal })
  page.reading(response.body.getReader(), signal)
  assert.deepEqual(cancelled, [])
  page.release()
  assert.deepEqual(cancelled, ['read'])
  await page.fetch('late', { signal })
  assert.deepEqual(cancelled, ['read', 'late'])
})

test('so is one that nobody has begun to read, and one whose reader comes after the signal', async () => {
  const cancelled = []
  const body = (name) => new ReadableStream({ cancel: () => void cancelled.push(name) })
  const page = host({ fetch: async (url) => new Response(body(url)) })
  const { signal } = page.controller()
  await page.fetch('unread', { signal })
  const reader = body('refused at its head').getReader()
  page.release()
  page.reading(reader, signal)
  assert.deepEqual(cancelled, ['unread', 'refused at its head'])
})
