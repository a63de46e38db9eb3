// One request, and everything that came back, as it came: status line, head, bytes, and how the body ended.
import http from 'node:http'
import https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

/** The media types that a dashboard asks for, and their relatives that servers refuse. */
export const accept = {
  table: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  tableOrJson: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  metadata: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  json: 'application/json',
}

/** Nothing that is asked here takes longer; a server that is silent for so long has failed. */
const deadline = 60_000

export class Client {
  /** `ca` is the certificate of the authority behind an https address, `token` the bearer token that is sent. */
  constructor({ url, ca, token }) {
    this.url = new URL(url)
    this.token = token
    this.module = this.url.protocol === 'https:' ? https : http
    this.agent = new this.module.Agent({ keepAlive: true, ca })
  }

  close() {
    this.agent.destroy()
  }

  /**
   * Sends a request and resolves when the body ended or was cut, or as soon as `until(exchange)` holds after a chunk.
   * `token: null` sends none. `onData(exchange)` is called after each chunk with what there is.
   */
  exchange({ method = 'GET', path, headers = {}, body, token = this.token, until, onHead, onData }) {
    const sent = { ...headers }
    if (body !== undefined) sent['Content-Type'] ??= 'application/json'
    const authorization = token ? { Authorization: `Bearer ${token}` } : {}
    return new Promise((resolve, reject) => {
      const started = performance.now()
      const request = this.module.request(new URL(path, this.url), {
        method,
        headers: { ...sent, ...authorization },
        agent: this.agent,
        timeout: deadline,
      })
      request.on('timeout', () => request.destroy(new Error(`${method} ${path}: silent for ${deadline / 1000} s`)))
      request.on('error', reject)
      request.on('response', (response) => {
        const exchange = new Exchange({ method, path, headers: sent }, response)
        const settle = (end) => {
          exchange.end = end
          exchange.milliseconds = performance.now() - started
          resolve(exchange)
        }
        onHead?.(exchange)
        response.on('data', (chunk) => {
          exchange.chunks.push(chunk)
          onData?.(exchange)
          if (until?.(exchange)) {
            settle('left')
            request.destroy()
          }
        })
        response.on('end', () => settle('complete'))
        response.on('error', () => settle('cut'))
      })
      request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
    })
  }

  /** A request that must succeed, at once or when the server says that it is ready; resolves with the decoded body. */
  async json(path, options = {}) {
    const exchange = await this.exchange({ path, headers: { Accept: accept.json }, ...options })
    if (exchange.status === 429) {
      await sleep(1000 * Number(exchange.headers['retry-after'] ?? 1))
      return this.json(path, options)
    }
    if (exchange.status >= 300) {
      throw new Error(`${options.method ?? 'GET'} ${path}: ${exchange.status} ${exchange.text()}`)
    }
    return JSON.parse(exchange.text())
  }
}

export class Exchange {
  constructor(request, response) {
    this.request = request
    this.status = response.statusCode
    this.statusText = response.statusMessage
    this.rawHeaders = response.rawHeaders
    this.headers = response.headers
    this.chunks = []
    this.end = undefined
  }

  /** The body as received. */
  bytes() {
    return Buffer.concat(this.chunks)
  }

  /** The body, decompressed: all members of a gzip body. */
  text() {
    const bytes = this.bytes()
    return (this.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
  }

  /** The events that are complete so far. */
  events() {
    const lines = this.text().split('\n')
    lines.pop()
    return lines.map((line) => JSON.parse(line))
  }
}

/** Does this event end the initial events? */
export function isInitialEnd({ type, object }) {
  if (type !== 'BOOKMARK') return false
  const metadata = object.kind === 'Table' ? object.rows?.[0]?.object?.metadata : object.metadata
  return metadata?.annotations?.['k8s.io/initial-events-end'] === 'true'
}
