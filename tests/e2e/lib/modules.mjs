// The page's modules in Node, without a browser.
import { join } from 'node:path'
import { after, before } from 'node:test'
import { createServer } from 'vite'
import { root } from '../../../scripts/lib/run.mjs'

/** For the tests of a file: resolves to the exports of a module of `www/src`, by its path there. */
export function useModules() {
  let vite
  before(async () => {
    vite = await createServer({
      configFile: join(root, 'www/vite.config.ts'),
      logLevel: 'error',
      appType: 'custom',
      server: { middlewareMode: true, ws: false, watch: null },
      optimizeDeps: { noDiscovery: true },
    })
  })
  after(() => vite.close())
  return (path) => vite.ssrLoadModule(`/src/${path}`)
}
