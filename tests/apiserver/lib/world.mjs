// The few objects that every case sees, and the writes that cases make. A real server takes them as any client sends
// them; fake-apiserver takes no writes but those of its control address.
import { boatsDefinition } from '../../../scripts/lib/boats.mjs'

/** Where each resource is, and what an object of it must have to be taken. */
const resources = {
  namespaces: { prefix: '/api/v1', kind: 'Namespace', apiVersion: 'v1' },
  nodes: { prefix: '/api/v1', kind: 'Node', apiVersion: 'v1' },
  pods: {
    prefix: '/api/v1',
    kind: 'Pod',
    apiVersion: 'v1',
    body: () => ({ spec: { containers: [{ name: 'main', image: 'nginx:1.27' }] } }),
  },
  configmaps: { prefix: '/api/v1', kind: 'ConfigMap', apiVersion: 'v1', body: () => ({ data: { k: 'v' } }) },
  // Without an address of its own: the server writes an event when it mends its book of addresses.
  services: {
    prefix: '/api/v1',
    kind: 'Service',
    apiVersion: 'v1',
    body: () => ({ spec: { clusterIP: 'None', ports: [{ port: 80 }], selector: { app: 'web' } } }),
  },
  events: {
    prefix: '/api/v1',
    kind: 'Event',
    apiVersion: 'v1',
    body: (namespace) => ({
      involvedObject: { kind: 'Pod', apiVersion: 'v1', name: 'web-0', namespace },
      reason: 'Scheduled',
      message: 'put on node-1',
      type: 'Normal',
    }),
  },
  deployments: {
    prefix: '/apis/apps/v1',
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    body: () => ({
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'nginx:1.27' }] },
        },
      },
    }),
  },
  cronjobs: {
    prefix: '/apis/batch/v1',
    kind: 'CronJob',
    apiVersion: 'batch/v1',
    body: () => ({
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'nginx:1.27' }] } },
          },
        },
      },
    }),
  },
  boats: { prefix: '/apis/harbor.example/v1', kind: 'Boat', apiVersion: 'harbor.example/v1' },
}

const argo = { spec: { length: 12.5, crew: 50, afloat: true, launched: '2020-05-01T00:00:00Z', notes: 'fast' } }

/** Writes to a real server. */
export class RealWorld {
  constructor(client) {
    this.client = client
  }

  #path(resource, namespace, name) {
    const { prefix } = resources[resource]
    return [prefix, ...(namespace ? ['namespaces', namespace] : []), resource, ...(name ? [name] : [])].join('/')
  }

  async create(resource, namespace, name, object = {}) {
    const { kind, apiVersion, body } = resources[resource]
    const whole = { apiVersion, kind, ...body?.(namespace), ...object, metadata: { ...object.metadata, name } }
    return (await this.client.json(this.#path(resource, namespace), { method: 'POST', body: whole })).metadata
  }

  async patch(resource, namespace, name, patch) {
    const options = { method: 'PATCH', body: patch, headers: { 'Content-Type': 'application/merge-patch+json' } }
    return (await this.client.json(this.#path(resource, namespace, name), options)).metadata
  }

  /** A status is written by itself. */
  async patchStatus(resource, namespace, name, status) {
    const options = { method: 'PATCH', body: { status }, headers: { 'Content-Type': 'application/merge-patch+json' } }
    await this.client.json(`${this.#path(resource, namespace, name)}/status`, options)
  }

  async delete(resource, namespace, name) {
    await this.client.json(this.#path(resource, namespace, name), { method: 'DELETE' })
  }

  /** A pod goes in two steps: first its deletion is stamped on it, then it is gone. */
  deletePod(namespace, name) {
    return this.delete('pods', namespace, name)
  }

  /** `count` objects, named `NAME-0` and so on, by several requests at a time. */
  async createMany(resource, namespace, name, count) {
    let next = 0
    const worker = async () => {
      for (let index = next++; index < count; index = next++) await this.create(resource, namespace, `${name}-${index}`)
    }
    await Promise.all(Array.from({ length: 8 }, worker))
  }

  /** Defines boats, and waits until they are served. */
  async defineBoats() {
    await this.client.json('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      method: 'POST',
      body: boatsDefinition(),
    })
    for (;;) {
      const { status } = await this.client.exchange({ path: '/apis/harbor.example/v1/boats' })
      if (status === 200) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Writes to fake-apiserver. */
export class FakeWorld {
  constructor(client) {
    this.client = client
  }

  #mutate(op, resource, namespace, name, object) {
    const body = { op, resource, namespace: namespace ?? '', name, ...(object ? { object } : {}) }
    return this.client.json('/_fake/mutate', { method: 'POST', body })
  }

  create(resource, namespace, name, object) {
    return this.#mutate('create', resource, namespace, name, { ...resources[resource].body?.(namespace), ...object })
  }

  patch(resource, namespace, name, patch) {
    return this.#mutate('patch', resource, namespace, name, patch)
  }

  patchStatus(resource, namespace, name, status) {
    return this.patch(resource, namespace, name, { status })
  }

  delete(resource, namespace, name) {
    return this.#mutate('delete', resource, namespace, name)
  }

  async deletePod(namespace, name) {
    await this.#mutate('terminate', 'pods', namespace, name)
    await this.delete('pods', namespace, name)
  }

  createMany(resource, namespace, name, count) {
    const body = { op: 'create', resource, namespace, name, count, object: resources[resource].body?.(namespace) ?? {} }
    return this.client.json('/_fake/mutate', { method: 'POST', body })
  }

  /** It has them from the start. */
  async defineBoats() {}
}

/** A namespace with three pods and five configmaps; `whole` adds one of everything else. */
export async function seed(world, namespace, { whole = false } = {}) {
  await world.create('namespaces', undefined, namespace)
  for (let index = 0; index < 3; index += 1) {
    await world.create('pods', namespace, `web-${index}`, { metadata: { labels: { app: 'web' } } })
  }
  for (let index = 0; index < 5; index += 1) await world.create('configmaps', namespace, `settings-${index}`)
  if (!whole) return
  await world.create('services', namespace, 'web')
  await world.create('deployments', namespace, 'web')
  await world.create('events', namespace, 'web-0.1')
  await world.defineBoats()
  await world.create('boats', namespace, 'argo', argo)
  await world.create('boats', namespace, 'hulk')
}
