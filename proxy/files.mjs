// The built page, as files of one folder.
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { contentSecurityPolicy } from '../www/policy.mjs'

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
}

/** The page's own policy, which is in its HTML too, and what only a header can say. */
const policy = `${contentSecurityPolicy}; frame-ancestors 'none'`

/**
 * A file of the page, or `undefined`.
 *
 * @param {string} folder
 * @param {string} path of the request, without the query
 */
export async function pageFile(folder, path) {
  const name = path === '/' ? '/index.html' : path
  // Names that the build makes: no encoding, no dot but before an extension.
  if (!/^(\/[\w-]+)*\/[\w-]+(\.[\w-]+)+$/.test(name)) return undefined
  const type = types[extname(name)]
  if (type === undefined) return undefined
  try {
    const body = await readFile(join(folder, name))
    return {
      body,
      headers: {
        'content-type': type,
        'content-length': body.length,
        'cache-control': 'no-cache',
        'content-security-policy': policy,
      },
    }
  } catch {
    return undefined
  }
}
