import assert from 'node:assert/strict'
import { test } from 'node:test'
import { downstreamHeaders, judgePath, refusal, upstreamHeaders } from '../../proxy/policy.mjs'

const port = 4321
const request = (headers = {}, more = {}) => ({
  method: 'GET',
  url: '/api',
  headers: { host: `127.0.0.1:${port}`, ...headers },
  ...more,
})

test('reads of the own page pass', () => {
  assert.equal(refusal(request(), port), undefined)
  assert.equal(refusal(request({ host: `localhost:${port}` }), port), undefined)
  assert.equal(
    refusal(request({ origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }), port),
    undefined,
  )
  assert.equal(refusal(request({ 'sec-fetch-site': 'none' }), port), undefined)
  assert.equal(refusal(request({}, { method: 'HEAD' }), port), undefined)
})

for (const [name, bad, status] of [
  ['a foreign host', request({ host: 'evil.example' }), 403],
  ['no host', request({ host: undefined }), 403],
  ['another port', request({ host: '127.0.0.1:80' }), 403],
  ['a foreign origin', request({ origin: 'https://evil.example' }), 403],
  ['the null origin', request({ origin: 'null' }), 403],
  ['the other name of this machine as origin', request({ origin: `http://localhost:${port}` }), 403],
  ['another site', request({ 'sec-fetch-site': 'cross-site' }), 403],
  ['another port of this machine, as a site', request({ 'sec-fetch-site': 'same-site' }), 403],
  ['POST', request({}, { method: 'POST' }), 405],
  ['DELETE', request({}, { method: 'DELETE' }), 405],
  ['OPTIONS', request({}, { method: 'OPTIONS' }), 405],
  ['a body', request({ 'content-length': '2' }), 400],
  ['a body in chunks', request({ 'transfer-encoding': 'chunked' }), 400],
  ['an upgrade', request({ upgrade: 'websocket' }), 403],
  ['a whole address', request({}, { url: 'http://evil.example/api' }), 400],
]) {
  test(`${name} is refused`, () => assert.equal(refusal(bad, port)?.status, status))
}

for (const path of [
  '/api',
  '/api/v1',
  '/apis',
  '/apis/apps/v1/deployments',
  '/api/v1/pods',
  '/api/v1/namespaces',
  '/api/v1/namespaces/exec',
  '/api/v1/namespaces/proxy/pods',
  '/api/v1/namespaces/shop/pods/web-0',
  '/api/v1/namespaces/shop/pods/exec',
  '/api/v1/namespaces/shop/services/proxy',
  '/api/v1/namespaces/shop/pods/web-0/status',
  '/apis/apps/v1/namespaces/shop/deployments/web/scale',
  '/version',
  '/openapi/v3/apis/apps/v1',
]) {
  test(`${path} is passed on`, () => assert.deepEqual(judgePath(path), { api: true }))
}

for (const path of [
  '/api/v1/namespaces/shop/pods/web-0/exec',
  '/api/v1/namespaces/shop/pods/web-0/EXEC',
  '/api/v1/namespaces/shop/pods/web-0/%65xec',
  '/api/v1/namespaces/shop/pods/web-0/exec/',
  '/api/v1/namespaces/shop/pods/web-0/attach',
  '/api/v1/namespaces/shop/pods/web-0/portforward',
  '/api/v1/namespaces/shop/pods/web-0/log',
  '/api/v1/namespaces/shop/pods/web-0/proxy/admin',
  '/api/v1/namespaces/shop/services/web:80/proxy/shutdown',
  '/api/v1/nodes/node-1/proxy/run',
  '/api/v1/proxy/nodes/node-1/run',
  '/api/v1/proxy/namespaces/shop/services/web/',
  '/api/v1/watch/pods',
  '/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachineinstances/vm/console',
]) {
  test(`${path} is refused`, () => assert.equal(judgePath(path).refused?.status, 403))
}

for (const path of [
  '/api/v1/namespaces/shop/pods/web-0%2fexec',
  '/api/v1/namespaces/shop/pods/web-0%252fexec',
  '/api/v1/../v1/pods',
  '/api/v1/%2e%2e/pods',
  '/api//v1/pods',
  '/api/v1/pods\\x',
  '/api/v1/pods%00',
]) {
  test(`${path} is ambiguous`, () => assert.equal(judgePath(path).refused?.status, 400))
}

for (const path of [
  '/',
  '/metrics',
  '/logs',
  '/debug/pprof',
  '/healthz',
  '/apisx',
  '/.well-known/openid-configuration',
]) {
  test(`${path} is no path of the API that the page reads`, () => assert.deepEqual(judgePath(path), { api: false }))
}

test('the headers of the browser stay behind', () => {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip, br',
    authorization: 'Bearer from-the-page',
    cookie: 'session=1',
    'impersonate-user': 'root',
    'x-remote-user': 'root',
    'x-forwarded-for': '10.0.0.1',
    range: 'bytes=0-',
  }
  assert.deepEqual(upstreamHeaders(headers, new URLSearchParams('limit=500')), {
    accept: 'application/json',
    'accept-encoding': 'gzip, br',
  })
  for (const query of ['watch=1', 'watch=true', 'watch=T', 'watch']) {
    assert.deepEqual(upstreamHeaders(headers, new URLSearchParams(query)), { accept: 'application/json' })
  }
})

test('the headers of the server that set things in the browser stay behind', () => {
  const kept = downstreamHeaders({
    'content-type': 'application/json',
    'set-cookie': ['a=b'],
    'access-control-allow-origin': '*',
    'strict-transport-security': 'max-age=1',
    'transfer-encoding': 'chunked',
    connection: 'keep-alive',
    location: 'https://login.example',
    'retry-after': '1',
  })
  assert.deepEqual(
    Object.keys(kept)
      .filter((name) => !/^(cross-origin|referrer|x-content|content-sec)/.test(name))
      .sort(),
    ['content-type', 'retry-after'],
  )
  assert.match(kept['content-security-policy'], /sandbox/)
})
