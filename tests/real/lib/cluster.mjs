// A real API server with the page before it, in both ways in which a page can reach one: through the demo's own proxy, and
// directly, with CORS and a bearer token.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Credentials } from '../../../proxy/credentials.mjs'
import { startProxy } from '../../../proxy/server.mjs'
import { root } from '../../../scripts/lib/run.mjs'
import { realTarget } from '../../apiserver/lib/target.mjs'
import { serve } from '../../packaging/lib/site.mjs'

const cors = '--cors-allowed-origins=^https?://(127\\.0\\.0\\.1|localhost)(:[0-9]+)?$'

export const ways = ['proxy', 'direct']

/**
 * Starts all of it. `setting`: of tests/apiserver/lib/settings.mjs; `more`: for `start` of scripts/apiserver.mjs; the proxy asks as `user`.
 * Resolves to `{ target, way, stop }`: `way('proxy')` is where the page is and how it reaches the API.
 */
export async function startCluster(setting, { user = 'admin', ...more } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-real-'))
  await cp(join(root, 'tests/real/page'), folder, { recursive: true })
  await cp(join(root, 'dist'), join(folder, 'kube-watchlist'), { recursive: true })
  const target = await realTarget(setting, { ...more, flags: [cors] })
  const { url, caFile, tokens, data } = target.server
  const tokenFile = join(data, 'token')
  await writeFile(tokenFile, tokens[user], { mode: 0o600 })
  const proxy = await startProxy({ credentials: new Credentials({ server: url, tokenFile, caFile }), page: folder })
  const site = await serve({ folder })
  return {
    target,
    way: (name, as = user) =>
      name === 'proxy'
        ? { page: proxy.url, access: { baseUrl: '' } }
        : { page: site.url, access: { baseUrl: url, token: tokens[as] } },
    async stop() {
      await site.close()
      await proxy.close()
      await target.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
