// A tiny API server for the tests of the proxy: it records what it is asked and answers as told.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Credentials } from '../../proxy/credentials.mjs'
import { startProxy } from '../../proxy/server.mjs'

export const token = 'secret-token-of-the-cluster'

/**
 * An upstream, a kubeconfig that names it, a page and the proxy between; all end with the test. `tls`: of the upstream, as
 * `https.createServer` takes it; `cluster`: further words of the kubeconfig about it.
 *
 * @param {import('node:test').TestContext} t
 * @param {http.RequestListener} listener
 */
export async function serve(t, listener, { user = { token }, target = {}, tls, cluster = {} } = {}) {
  /** @type {http.IncomingMessage[]} */
  const asked = []
  const answer = (request, response) => {
    asked.push(request)
    listener(request, response)
  }
  const upstream = tls ? https.createServer(tls, answer) : http.createServer(answer)
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const server = `${tls ? 'https' : 'http'}://127.0.0.1:${upstream.address().port}`
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-proxy-'))
  const kubeconfig = join(folder, 'config')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'there', cluster: { server, ...cluster } }],
    users: [{ name: 'jane', user }],
    contexts: [{ name: 'dev', context: { cluster: 'there', user: 'jane' } }],
    'current-context': 'dev',
  }
  await writeFile(kubeconfig, JSON.stringify(config))
  const page = join(folder, 'page')
  await mkdir(join(page, 'assets'), { recursive: true })
  await writeFile(join(page, 'index.html'), '<!doctype html><title>page</title>')
  await writeFile(join(page, 'assets/index-a1.js'), 'export {}')
  const credentials = new Credentials({ kubeconfig, ...target })
  const proxy = await startProxy({ credentials, page })
  t.after(async () => {
    await proxy.close()
    upstream.closeAllConnections()
    await new Promise((resolve) => upstream.close(resolve))
    await rm(folder, { recursive: true })
  })
  return { proxy, asked, server, folder, kubeconfig, config }
}

/**
 * A request with exactly these headers; `fetch` would add and forbid some.
 *
 * @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: string, socket: import('node:net').Socket }>}
 */
export function send(url, { method = 'GET', path = '/', headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const request = http.request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}
