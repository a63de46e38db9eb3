// What the proxy lets through, as pure functions: of requests only reads from its own page, of paths only collections
// and objects, of headers only those that the page or the API server need.

/** Roots of the API that the page reads. */
const roots = new Set(['api', 'apis', 'openapi', 'version'])

/** Subresources that are plain reads. Of the others some act on a GET (exec, attach, portforward, proxy). */
const subresources = new Set(['status', 'scale'])

/** Words of old paths that stand where a resource would, and act or duplicate. */
const oldVerbs = new Set(['proxy', 'redirect', 'watch'])

const requestHeaders = ['accept', 'accept-language']

const responseHeaders = [
  'audit-id',
  'cache-control',
  'content-encoding',
  'content-type',
  'date',
  'retry-after',
  'vary',
  'warning',
  'x-kubernetes-pf-flowschema-uid',
  'x-kubernetes-pf-prioritylevel-uid',
]

/**
 * Why a request is refused; `undefined` where it is not.
 *
 * `Host` guards against names that were rebound to this machine, `Origin` and `Sec-Fetch-Site` against other pages in
 * the same browser: a page that may not read an answer must not cause a request with the user's credentials either.
 *
 * @param {{ method?: string, url?: string, headers: import('node:http').IncomingHttpHeaders }} request
 * @param {number} port the port that the proxy listens on
 * @returns {{ status: number, message: string } | undefined}
 */
export function refusal({ method, url, headers }, port) {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (!hosts.includes(headers.host ?? '')) return refuse(403, 'this host name is not served')
  const { origin } = headers
  if (origin !== undefined && origin !== `http://${headers.host}`) return refuse(403, 'other origins are not served')
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return refuse(403, 'other sites are not served')
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'this proxy only reads: GET and HEAD')
  if (headers.upgrade !== undefined) return refuse(403, 'connections are not upgraded')
  if (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined) {
    return refuse(400, 'a read has no body')
  }
  if (!url?.startsWith('/')) return refuse(400, 'a path is expected')
  return undefined
}

/**
 * Whether a path (without its query) is one of the API; `refused` says why it is not passed on.
 *
 * @param {string} path as it came, percent-encoded
 * @returns {{ api: boolean, refused?: { status: number, message: string } }}
 */
export function judgePath(path) {
  const segments = path.split('/').slice(1)
  if (!roots.has(segments[0])) return { api: false }
  // What is checked here must be what the server sees: no path that either of us could read otherwise.
  const ambiguous =
    /%(2e|2f|5c|25|00)/i.test(path) ||
    [...path].some((character) => character <= ' ' || character === '\\') ||
    segments.some((part) => part === '.' || part === '..') ||
    segments.slice(0, -1).includes('')
  if (ambiguous) return { api: true, refused: refuse(400, 'the path is ambiguous') }
  const [root, ...rest] = segments.filter(Boolean)
  if (root === 'version' || root === 'openapi') return { api: true }
  const refused = judgeResource(rest.slice(root === 'api' ? 1 : 2))
  return refused ? { api: true, refused } : { api: true }
}

/** @param {string[]} parts what follows the group and version */
function judgeResource(parts) {
  const rest = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts
  const [resource, , ...below] = rest.map((part) => safeDecode(part).toLowerCase())
  // `namespaces/NAME/status`: what follows a namespace may be its subresource, which is then no resource.
  if (resource === undefined) return undefined
  if (oldVerbs.has(resource)) return refuse(403, `${resource} is not passed on`)
  if (below.length > 1) return refuse(403, 'only collections and objects are passed on')
  if (below.length === 1 && !subresources.has(below[0]))
    return refuse(403, `the subresource ${below[0]} is not passed on`)
  return undefined
}

/**
 * The headers for the API server: what the page may say, and nothing of the browser's own (`Authorization`, `Cookie`).
 * A watch asks for no compression: browsers stop after the first gzip member, and Kubernetes 1.37 sends many.
 *
 * @param {import('node:http').IncomingHttpHeaders} headers
 * @param {URLSearchParams} query
 */
export function upstreamHeaders(headers, query) {
  const kept = pick(headers, requestHeaders)
  if (!query.has('watch') && headers['accept-encoding'] !== undefined)
    kept['accept-encoding'] = headers['accept-encoding']
  return kept
}

/** @param {import('node:http').IncomingHttpHeaders} headers of the API server */
export function downstreamHeaders(headers) {
  return {
    ...pick(headers, responseHeaders),
    // Whatever a server calls HTML must not run on the page's origin.
    'content-security-policy': "default-src 'none'; sandbox",
    ...guards,
  }
}

/** On every answer. */
export const guards = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** @param {import('node:http').IncomingHttpHeaders} headers @param {string[]} names */
function pick(headers, names) {
  /** @type {Record<string, string | string[]>} */
  const kept = {}
  for (const name of names) if (headers[name] !== undefined) kept[name] = headers[name]
  return kept
}

/** @param {string} part */
function safeDecode(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** @param {number} status @param {string} message */
function refuse(status, message) {
  return { status, message }
}
