// Objects of four resources in a real API server, and a seeded stream of creates, updates and deletes of them: for the
// demo in front of a real server, and for the tests that compare a client with one.
import { boatsDefinition } from './boats.mjs'

const apps = ['web', 'api', 'cart', 'search', 'mail', 'billing', 'images', 'queue']
const mergePatch = { 'Content-Type': 'application/merge-patch+json' }

/** Where each resource is, an object of it, and what an update changes. `random` gives numbers in [0, 1). */
export const resources = {
  pods: {
    prefix: '/api/v1',
    object: (random) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { labels: { app: pick(random, apps) } },
      // Without a node it goes at once when it is deleted; with one it is stamped first.
      spec: {
        containers: [{ name: 'main', image: `registry.example/app:${whole(random, 40)}` }],
        ...(random() < 0.8 ? { nodeName: `node-${whole(random, 20)}` } : {}),
      },
    }),
    update: (random) =>
      random() < 0.25
        ? { metadata: { labels: { tier: pick(random, ['front', 'back', null]) } } }
        : { status: podStatus(random) },
  },
  configmaps: {
    prefix: '/api/v1',
    object: (random) => ({ apiVersion: 'v1', kind: 'ConfigMap', data: { k: String(random()) } }),
    update: (random) =>
      random() < 0.5
        ? { data: { [`key-${whole(random, 9)}`]: random() < 0.3 ? null : text(random) } }
        : {
            metadata: {
              labels: { 'shop.example/round': `r${whole(random, 1000)}` },
              annotations: { note: text(random) },
            },
          },
  },
  boats: {
    prefix: '/apis/harbor.example/v1',
    object: (random) => ({ apiVersion: 'harbor.example/v1', kind: 'Boat', spec: boat(random) }),
    update: (random) => ({ spec: boat(random) }),
  },
  events: {
    prefix: '/api/v1',
    object: (random, namespace) => ({
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: { kind: 'Pod', apiVersion: 'v1', name: `${pick(random, apps)}-0`, namespace },
      reason: pick(random, ['Scheduled', 'Pulled', 'BackOff', 'Unhealthy']),
      type: pick(random, ['Normal', 'Warning']),
      message: text(random),
      source: { component: 'kubelet', host: `node-${whole(random, 20)}` },
      firstTimestamp: ago(random, 3000),
      lastTimestamp: ago(random, 300),
      count: 1 + whole(random, 50),
    }),
    update: (random) => ({ count: 2 + whole(random, 5000), lastTimestamp: ago(random, 60), message: text(random) }),
  },
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Makes namespaces and the custom resource, where they are missing. */
export async function prepare(client, namespaces) {
  for (const name of namespaces) await post(client, '/api/v1/namespaces', { metadata: { name } })
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await post(client, definitions, boatsDefinition())
  while ((await client.exchange({ path: '/apis/harbor.example/v1/boats' })).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The writes to one resource in some namespaces. Which they are follows from the seed alone, not from the server's pace. */
export class Workload {
  #options
  #client
  #resource
  #namespaces
  #seed
  #random
  #made = 0
  /** `stays`: its first deletion only stamps it. @type {{ namespace: string, name: string, stays: boolean }[]} */
  #present = []
  #gone = []

  constructor(options) {
    const { client, resource, namespaces, seed = 1 } = options
    this.#options = options
    this.#client = client
    this.#resource = resource
    this.#namespaces = namespaces
    // In the names, so that two workloads do not share any.
    this.#seed = seed
    this.#random = seeded(seed)
  }

  /** Another workload on the same resource, which knows nothing of these objects. */
  afresh() {
    return new Workload({ ...this.#options, seed: this.#seed + 100_000 })
  }

  /** How many objects there are after all that was planned. */
  get size() {
    return this.#present.length
  }

  /** Creates one more; resolves with the version that this made. */
  mark() {
    return this.send(this.#create())
  }

  /** The next `count` writes, all of them creates. */
  creates(count) {
    return Array.from({ length: count }, () => this.#create())
  }

  /** An update of each object that there is. */
  updates() {
    return this.#present.map((object) => this.#update(object))
  }

  /** The next write: about as many creates as deletes, and more updates than either. */
  next() {
    const random = this.#random
    const dice = random()
    if (dice < 0.3 || this.#present.length === 0) return this.#create()
    const index = whole(random, this.#present.length)
    const object = this.#present[index]
    if (dice < 0.7) return this.#update(object)
    // Half of the pods go as people delete them: stamped first, gone in a later write.
    if (object.stays && random() < 0.5) {
      object.stays = false
      return { verb: 'delete', object, query: '?gracePeriodSeconds=600' }
    }
    this.#present[index] = this.#present[this.#present.length - 1]
    this.#present.pop()
    this.#gone.push(object)
    return { verb: 'delete', object, query: '?gracePeriodSeconds=0' }
  }

  nextMany(count) {
    return Array.from({ length: count }, () => this.next())
  }

  /** Sends one write; resolves with the version that it made, where the server says it. */
  async send({ verb, object, body, query = '' }) {
    const { prefix } = resources[this.#resource]
    const collection = `${prefix}/namespaces/${object.namespace}/${this.#resource}`
    if (verb === 'create') {
      const { metadata } = await this.#client.json(collection, { method: 'POST', body })
      return metadata.resourceVersion
    }
    const path = `${collection}/${object.name}`
    if (verb === 'update') {
      const options = { method: 'PATCH', body, headers: mergePatch }
      const { metadata } = await this.#client.json(`${path}${body.status ? '/status' : ''}`, options)
      return metadata.resourceVersion
    }
    await this.#client.json(`${path}${query}`, { method: 'DELETE' })
    return undefined
  }

  /** Sends writes by several connections, those to one object in their order. */
  async sendAll(writes, connections = 6) {
    const queues = Array.from({ length: connections }, () => [])
    const places = new Map()
    for (const write of writes) {
      const name = `${write.object.namespace}/${write.object.name}`
      if (!places.has(name)) places.set(name, places.size % connections)
      queues[places.get(name)].push(write)
    }
    await Promise.all(
      queues.map(async (queue) => {
        for (const write of queue) await this.send(write)
      }),
    )
  }

  #update(object) {
    return { verb: 'update', object, body: resources[this.#resource].update(this.#random) }
  }

  #create() {
    const random = this.#random
    // Some come back under their old name, with another uid.
    const again = this.#gone.length > 0 && random() < 0.25
    const [object] = again
      ? this.#gone.splice(whole(random, this.#gone.length), 1)
      : [{ namespace: pick(random, this.#namespaces), name: `${pick(random, apps)}-${this.#seed}-${this.#made++}` }]
    const { namespace, name } = object
    const { metadata, ...rest } = resources[this.#resource].object(random, namespace)
    const fresh = { namespace, name, stays: rest.spec?.nodeName !== undefined }
    this.#present.push(fresh)
    return { verb: 'create', object: fresh, body: { ...rest, metadata: { ...metadata, name } } }
  }
}

function podStatus(random) {
  const restarts = whole(random, 4)
  const ready = random() < 0.9
  const state = ready
    ? { running: { startedAt: ago(random, 600) } }
    : { waiting: { reason: pick(random, ['CrashLoopBackOff', 'ImagePullBackOff', 'ContainerCreating']) } }
  const ended = { exitCode: 1, reason: 'Error', startedAt: ago(random, 9000), finishedAt: ago(random, 900) }
  const ip = `10.1.${whole(random, 255)}.${1 + whole(random, 250)}`
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: [
      {
        name: 'main',
        image: 'registry.example/app',
        imageID: '',
        ready,
        restartCount: restarts,
        state,
        ...(restarts > 0 ? { lastState: { terminated: ended } } : {}),
      },
    ],
  }
}

/** Some fields are missing at times: their cells are null. */
function boat(random) {
  return {
    length: random() < 0.2 ? null : Math.round(random() * 4000) / 100,
    crew: random() < 0.2 ? null : whole(random, 300),
    afloat: random() < 0.2 ? null : random() < 0.5,
    launched: random() < 0.2 ? null : ago(random, 300_000_000),
    notes: random() < 0.2 ? null : text(random),
  }
}

/** Text as servers escape it, of several scripts. */
function text(random) {
  const parts = ['<none>', '"quoted"', 'a\\b', 'naïve', '船 ⚓', '\u{1f680}', 'tab\there', 'plain words', '&amp;']
  return Array.from({ length: 1 + whole(random, 4) }, () => pick(random, parts)).join(' ')
}

async function post(client, path, body) {
  const exchange = await client.exchange({ path, method: 'POST', body })
  if (exchange.status >= 300 && exchange.status !== 409) throw new Error(`POST ${path}: ${exchange.text()}`)
}

const whole = (random, below) => Math.floor(random() * below)
const pick = (random, list) => list[whole(random, list.length)]
const ago = (random, seconds) => `${new Date(Date.now() - whole(random, seconds) * 1000).toISOString().slice(0, 19)}Z`
