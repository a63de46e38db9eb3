// The demo's real API server: filled with a few thousand objects, and written to for as long as it runs.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from '../apiserver.mjs'
import { Client } from './kube-client.mjs'
import { step } from './run.mjs'
import { prepare, Workload } from './workload.mjs'

const namespaces = ['shop', 'payments', 'search', 'media', 'platform']

/** How many objects of the other resources there are beside so many pods, and how often they change. */
const shares = { pods: 1, configmaps: 0.2, events: 0.4, boats: 0.05 }

/**
 * Starts one; resolves to `{ server, tokenFile, caFile, version, stop }`, of which the first three are what the proxy needs.
 * `churn`: writes a second, in all.
 */
export async function startRealCluster({ version, pods, churn, seed }) {
  const server = await step(`kube-apiserver ${version} with etcd`, () => start({ version }))
  const stop = new AbortController()
  try {
    const tokenFile = join(server.data, 'token')
    await writeFile(tokenFile, server.tokens.admin, { mode: 0o600 })
    const client = new Client({ url: server.url, ca: await readFile(server.caFile), token: server.tokens.admin })
    const workloads = Object.entries(shares).map(([resource, share], index) => ({
      share,
      workload: new Workload({ client, resource, namespaces, seed: seed * 10 + index }),
    }))
    await step(`${pods} pods, and configmaps, events and a custom resource beside them`, () =>
      fill(client, workloads, pods),
    )
    const churning = churn > 0 ? write(workloads, churn, stop.signal) : undefined
    return {
      server: server.url,
      tokenFile,
      caFile: server.caFile,
      version: server.version,
      /** Ends with an error where a write fails, and never otherwise. */
      failed: new Promise((_, reject) => churning?.catch(reject)),
      async stop() {
        stop.abort()
        await churning?.catch(() => {})
        client.close()
        await server.stop()
      },
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function fill(client, workloads, pods) {
  await prepare(client, namespaces)
  for (let index = 0; index < 20; index += 1) {
    const node = { metadata: { name: `node-${index}` }, spec: {} }
    await client.json('/api/v1/nodes', { method: 'POST', body: node })
  }
  for (const { workload, share } of workloads) {
    const creates = workload.creates(Math.round(pods * share))
    // Made alone, a pod waits for ever: each is seen to run, as a kubelet would have it.
    await workload.sendAll([...creates, ...workload.updates()])
  }
}

/** A write every so often, mostly to pods. */
async function write(workloads, perSecond, signal) {
  const total = workloads.reduce((sum, { share }) => sum + share, 0)
  const started = performance.now()
  for (let sent = 0; !signal.aborted; sent += 1) {
    const due = started + (sent * 1000) / perSecond
    const wait = due - performance.now()
    if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {})
    let at = Math.random() * total
    const { workload } = workloads.find(({ share }) => {
      at -= share
      return at < 0
    })
    if (!signal.aborted) await workload.send(workload.next())
  }
}
