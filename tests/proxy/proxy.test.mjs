import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import net from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Credentials, CredentialsError } from '../../proxy/credentials.mjs'
import { send, serve, token } from './upstream.mjs'

const ok = (_request, response) => response.end('{"kind":"PodList"}')

test('reads are passed on with the credentials of the kubeconfig, not of the page', async (t) => {
  const { proxy, asked } = await serve(t, ok)
  const headers = { authorization: 'Bearer of-the-page', cookie: 'a=b', 'accept-encoding': 'gzip' }
  const answer = await send(proxy.url, { path: '/api/v1/pods?limit=1&labelSelector=a%3Db', headers })
  assert.equal(answer.status, 200)
  assert.equal(answer.body, '{"kind":"PodList"}')
  assert.equal(asked.length, 1)
  assert.equal(asked[0].url, '/api/v1/pods?limit=1&labelSelector=a%3Db')
  assert.equal(asked[0].headers.authorization, `Bearer ${token}`)
  assert.equal(asked[0].headers.cookie, undefined)
  assert.equal(asked[0].headers['accept-encoding'], 'gzip')
})

test('a watch asks for no compression', async (t) => {
  const { proxy, asked } = await serve(t, ok)
  await send(proxy.url, { path: '/api/v1/pods?watch=1', headers: { 'accept-encoding': 'gzip' } })
  assert.equal(asked[0].headers['accept-encoding'], undefined)
})

test('nothing foreign reaches the server, and nothing is told', async (t) => {
  const { proxy, asked } = await serve(t, ok)
  const { port } = new URL(proxy.url)
  for (const [status, options] of [
    [403, { headers: { host: `evil.example:${port}` } }],
    [403, { headers: { origin: 'http://evil.example' } }],
    [403, { headers: { 'sec-fetch-site': 'cross-site' } }],
    [403, { method: 'POST', headers: { origin: 'http://evil.example' } }],
    [405, { method: 'POST', headers: { 'content-length': 2 }, body: '{}' }],
    [405, { method: 'DELETE' }],
    [405, { method: 'PATCH' }],
    [403, { path: '/api/v1/namespaces/a/pods/b/exec?command=id' }],
    [403, { path: '/api/v1/namespaces/a/services/b/proxy/' }],
    [400, { path: '/api/v1/namespaces/a/pods/b%2fexec' }],
    [404, { path: '/metrics' }],
  ]) {
    const answer = await send(proxy.url, { path: '/api/v1/pods', ...options })
    assert.equal(answer.status, status, JSON.stringify(options))
    assert.ok(!answer.body.includes('PodList'))
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
  }
  assert.equal(asked.length, 0)
})

test('connections are not upgraded, nor tunnels opened', async (t) => {
  const { proxy, asked } = await serve(t, ok)
  const { host, hostname, port } = new URL(proxy.url)
  for (const head of [
    `GET /api/v1/namespaces/a/pods/b HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  ]) {
    const said = await new Promise((resolve) => {
      let text = ''
      const socket = net.connect(Number(port), hostname, () => socket.write(head))
      socket.on('data', (data) => (text += data))
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
    })
    assert.equal(said, '')
  }
  assert.equal(asked.length, 0)
})

test('a stream arrives in pieces, as it is sent', async (t) => {
  let write
  const { proxy } = await serve(t, (_request, response) => {
    response.flushHeaders()
    write = (text) => response.write(text)
  })
  const response = await fetch(`${proxy.url}/api/v1/pods?watch=1`)
  const reader = response.body.getReader()
  for (const event of ['{"type":"ADDED"}\n', '{"type":"BOOKMARK"}\n']) {
    write(event)
    const { value } = await reader.read()
    assert.equal(new TextDecoder().decode(value), event)
  }
  await reader.cancel()
})

test('an abort of the page reaches the server', async (t) => {
  let closed
  const gone = new Promise((resolve) => (closed = resolve))
  const { proxy } = await serve(t, (_request, response) => {
    response.on('close', closed)
    response.write('{"type":"ADDED"}\n')
  })
  const end = new AbortController()
  const response = await fetch(`${proxy.url}/api/v1/pods?watch=1`, { signal: end.signal })
  await response.body.getReader().read()
  end.abort()
  assert.equal(await Promise.race([gone.then(() => 'closed'), sleep(20_000, 'still open', { ref: false })]), 'closed')
})

test('an abort before the server answered reaches it too', async (t) => {
  let closed
  const gone = new Promise((resolve) => (closed = resolve))
  const { proxy, asked } = await serve(t, (request) => request.on('close', closed))
  const end = new AbortController()
  const request = fetch(`${proxy.url}/api/v1/pods?watch=1`, { signal: end.signal }).catch((error) => error.name)
  while (asked.length === 0) await sleep(5)
  end.abort()
  assert.equal(await request, 'AbortError')
  assert.equal(await Promise.race([gone.then(() => 'closed'), sleep(20_000, 'still open', { ref: false })]), 'closed')
})

test('a stream that the server breaks off ends broken, not clean', async (t) => {
  const { proxy } = await serve(t, (_request, response) => {
    response.write('{"type":"ADDED"}\n')
    setTimeout(() => response.destroy(), 20)
  })
  const response = await fetch(`${proxy.url}/api/v1/pods?watch=1`)
  await assert.rejects(response.text())
})

test('a page that does not read holds the server back', async (t) => {
  let written = 0
  const { proxy } = await serve(t, (_request, response) => {
    const chunk = Buffer.alloc(64 * 1024, 0x20)
    const fill = () => {
      while (!response.destroyed && written < 512 * 1024 * 1024) {
        written += chunk.length
        if (!response.write(chunk)) return void response.once('drain', fill)
      }
    }
    fill()
  })
  const { hostname, port, host } = new URL(proxy.url)
  const socket = net.connect(Number(port), hostname)
  t.after(() => socket.destroy())
  socket.pause()
  socket.write(`GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  let before = -1
  for (let turn = 0; turn < 40 && (written === 0 || written !== before); turn += 1) {
    before = written
    await sleep(150)
  }
  assert.equal(written, before, 'the server is still being read')
  assert.ok(written > 0 && written < 64 * 1024 * 1024, `${written} bytes were taken for a page that reads nothing`)
})

test('a token that expired is read anew, once', async (t) => {
  const { proxy, asked, kubeconfig, config } = await serve(t, (request, response) => {
    if (request.headers.authorization !== 'Bearer renewed') response.statusCode = 401
    response.end('{}')
  })
  assert.equal((await send(proxy.url, { path: '/api/v1/pods' })).status, 401)
  assert.equal(asked.length, 2)
  config.users[0].user.token = 'renewed'
  await writeFile(kubeconfig, JSON.stringify(config))
  assert.equal((await send(proxy.url, { path: '/api/v1/pods' })).status, 200)
  assert.equal(asked.length, 4)
})

test('an exec plugin is asked for the token', async (t) => {
  const plugin =
    'console.log(JSON.stringify({apiVersion:"client.authentication.k8s.io/v1",kind:"ExecCredential",status:{token:"from-the-plugin"}}))'
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', plugin],
  }
  const { proxy, asked } = await serve(t, ok, { user: { exec } })
  assert.equal((await send(proxy.url, { path: '/api/v1/pods' })).status, 200)
  assert.equal(asked[0].headers.authorization, 'Bearer from-the-plugin')
})

test('a plugin that prints nonsense is named without what it printed', async (t) => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', `console.log("${token}")`],
  }
  const { proxy } = await serve(t, ok, { user: { exec } })
  const answer = await send(proxy.url, { path: '/api/v1/pods' })
  assert.equal(answer.status, 502)
  assert.match(answer.body, /credentials of jane/)
  assert.ok(!answer.body.includes(token))
})

test('a redirect to a login page is said to be one', async (t) => {
  const { proxy } = await serve(t, (_request, response) =>
    response.writeHead(302, { location: 'https://login.example/?s=1' }).end(),
  )
  const answer = await send(proxy.url, { path: '/api/v1/pods' })
  assert.equal(answer.status, 401)
  assert.equal(answer.headers.location, undefined)
  assert.ok(!answer.body.includes('login.example'))
})

test('a server that is gone is said to be, as a Status', async (t) => {
  const { proxy, folder } = await serve(t, (_request, response) => response.destroy())
  const answer = await send(proxy.url, { path: '/api/v1/pods' })
  assert.equal(answer.status, 502)
  const status = JSON.parse(answer.body)
  assert.equal(status.kind, 'Status')
  assert.match(status.message, /cannot be reached: ECONNRESET/)
  assert.ok(!answer.body.includes(folder))
})

test('the page and the names of the connection are served, and no more', async (t) => {
  const { proxy } = await serve(t, ok)
  const page = await send(proxy.url, { path: '/' })
  assert.match(page.headers['content-type'], /text\/html/)
  assert.match(page.headers['content-security-policy'], /frame-ancestors 'none'/)
  assert.equal((await send(proxy.url, { path: '/assets/index-a1.js' })).status, 200)
  assert.deepEqual(JSON.parse((await send(proxy.url, { path: '/_connection' })).body), {
    context: 'dev',
    user: 'jane',
    readOnly: true,
  })
  for (const path of ['/../config', '/..%2fconfig', '/assets/../../config', '/assets', '/nothing.js']) {
    assert.equal((await send(proxy.url, { path })).status, 404, path)
  }
})

test('it listens on one loopback address alone', async (t) => {
  const { proxy } = await serve(t, ok)
  const port = Number(new URL(proxy.url).port)
  const elsewhere = Object.values(networkInterfaces())
    .flat()
    .filter((each) => each.family === 'IPv4' && !each.internal)
  for (const address of ['127.0.0.2', ...elsewhere.map((each) => each.address)]) {
    const reached = await new Promise((resolve) => {
      const socket = net.connect({ port, host: address, timeout: 1000 }, () => resolve(true))
      for (const event of ['error', 'timeout']) socket.on(event, () => resolve(false))
    })
    assert.equal(reached, false, address)
  }
})

test('an address with a token file needs no kubeconfig', async (t) => {
  const { server, folder } = await serve(t, ok)
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, token)
  const credentials = new Credentials({ server, tokenFile })
  assert.equal((await credentials.get()).headers.Authorization, `Bearer ${token}`)
  assert.equal(credentials.user, 'token')
})

test('what is wrong with a kubeconfig is said', async (t) => {
  const { kubeconfig } = await serve(t, ok)
  assert.throws(() => new Credentials({ kubeconfig, context: 'other' }), {
    name: 'CredentialsError',
    message: /other; there are: dev/,
  })
  assert.throws(() => new Credentials({ kubeconfig: `${kubeconfig}-not` }), CredentialsError)
  assert.throws(() => new Credentials({ server: 'http://example.com' }), { message: /in the clear/ })
})

test('the token is in no answer and nothing is logged', async (t) => {
  const said = []
  for (const stream of [process.stdout, process.stderr])
    t.mock.method(stream, 'write', (text) => said.push(String(text)))
  const { proxy } = await serve(t, (request, response) =>
    response.writeHead(request.url.includes('bad') ? 500 : 200).end('{}'),
  )
  const answers = []
  for (const path of [
    '/',
    '/api/v1/pods',
    '/api/v1/bad',
    '/_connection',
    '/api/v1/namespaces/a/pods/b/exec',
    '/none',
  ]) {
    answers.push(JSON.stringify(await send(proxy.url, { path })))
  }
  t.mock.restoreAll()
  assert.ok(!answers.join().includes(token))
  assert.deepEqual(
    said.filter((text) => text.includes('/api') || text.includes(token)),
    [],
  )
})
