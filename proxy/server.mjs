// A read-only way from the demo page to a cluster: the page and the API on one origin, on loopback, with the
// credentials of a kubeconfig that the browser never sees. Nothing is logged.
import http from 'node:http'
import https from 'node:https'
import { pipeline } from 'node:stream'
import { CredentialsError } from './credentials.mjs'
import { pageFile } from './files.mjs'
import { downstreamHeaders, guards, judgePath, refusal, upstreamHeaders } from './policy.mjs'

/**
 * Starts the proxy on 127.0.0.1.
 *
 * @param {object} options
 * @param {import('./credentials.mjs').Credentials} options.credentials
 * @param {string} options.page folder of the built page
 * @param {number} [options.port] 0, the default, takes a free one
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function startProxy({ credentials, page, port = 0 }) {
  const server = http.createServer((request, response) => {
    answer(request, response, { credentials, page, port: server.address().port }).catch(() => {
      if (response.headersSent) response.destroy()
      else sendStatus(response, 500, 'InternalError', 'the proxy failed')
    })
  })
  // WebSockets and tunnels could act on the cluster; there are no reads by them.
  server.on('upgrade', (_request, socket) => socket.destroy())
  server.on('connect', (_request, socket) => socket.destroy())
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined))
        server.closeAllConnections()
        credentials.close()
      }),
  }
}

async function answer(request, response, { credentials, page, port }) {
  const refused = refusal(request, port)
  if (refused) return sendStatus(response, refused.status, 'Refused', refused.message)
  const [path, query = ''] = splitOnce(request.url)
  const judged = judgePath(path)
  if (judged.refused) return sendStatus(response, judged.refused.status, 'Refused', judged.refused.message)
  if (judged.api) return pass(request, response, { credentials, path, query })
  if (path === '/_connection') {
    const { context, user } = credentials
    return sendJson(response, 200, { context, user, readOnly: true })
  }
  const file = await pageFile(page, path)
  if (file === undefined) return sendStatus(response, 404, 'NotFound', 'there is no such page')
  response.writeHead(200, { ...file.headers, ...guards })
  response.end(request.method === 'HEAD' ? undefined : file.body)
}

/** Passes a read on to the API server; once more with fresh credentials where it does not know them. */
async function pass(request, response, { credentials, path, query }) {
  try {
    let upstream = await ask(request, response, credentials, path, query)
    if (upstream?.statusCode === 401) {
      upstream.resume()
      credentials.refresh()
      upstream = await ask(request, response, credentials, path, query)
    }
    if (upstream === undefined) return
    if (upstream.statusCode >= 300 && upstream.statusCode < 400) {
      upstream.destroy()
      return sendStatus(response, 401, 'Unauthorized', 'the server redirects, as to a login page')
    }
    response.writeHead(upstream.statusCode, downstreamHeaders(upstream.headers))
    // Now, not with the first event: that the server answered is news to the page.
    response.flushHeaders()
    // One chunk as it comes, the next when this one is away; an end on either side ends the other.
    pipeline(upstream, response, () => {})
  } catch (error) {
    if (response.destroyed || response.headersSent) return void response.destroy()
    const message =
      error instanceof CredentialsError ? error.message : `the server cannot be reached: ${error.code ?? 'unknown'}`
    sendStatus(response, 502, 'BadGateway', message)
  }
}

/** The head of the API server's answer; `undefined` where the page went away first. */
async function ask(request, response, credentials, path, query) {
  const { agent, headers } = await credentials.get()
  if (response.destroyed) return undefined
  const { server } = credentials
  const { request: send } = server.protocol === 'http:' ? http : https
  return new Promise((resolve, reject) => {
    const upstream = send({
      agent,
      method: request.method,
      protocol: server.protocol,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      path: `${server.pathname.replace(/\/$/, '')}${path}${query && `?${query}`}`,
      headers: {
        'user-agent': 'kube-watchlist',
        ...upstreamHeaders(request.headers, new URLSearchParams(query)),
        ...headers,
      },
    })
    const gone = () => {
      upstream.destroy()
      resolve(undefined)
    }
    response.once('close', gone)
    upstream.on('error', reject)
    upstream.on('response', resolve)
    upstream.end()
  })
}

/** An answer of the proxy itself, in the API's own form, so that the page can show its sentence. */
function sendStatus(response, code, reason, message) {
  const headers = code === 405 ? { allow: 'GET, HEAD' } : {}
  sendJson(
    response,
    code,
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `proxy: ${message}` },
    headers,
  )
}

function sendJson(response, code, value, headers = {}) {
  const body = JSON.stringify(value)
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...guards,
    ...headers,
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function splitOnce(url) {
  const at = url.indexOf('?')
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)]
}
