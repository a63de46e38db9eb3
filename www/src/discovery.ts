// What the server has: one request each for /api and /apis where discovery is aggregated (1.26 and newer), else the
// older documents, one for every group.

export interface Resource {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** Plural, as in paths. */
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames: readonly string[]
  /** It can be listed, so it can be shown. */
  readonly listable: boolean
  /** It can be watched too, so it is shown live; else it is listed again and again. */
  readonly watchable: boolean
}

export interface Discovery {
  readonly resources: readonly Resource[]
  /** Groups that did not answer, and what was said of them. */
  readonly problems: readonly string[]
}

const aggregated = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat('application/json')
  .join(',')

export async function discover(signal: AbortSignal): Promise<Discovery> {
  const problems: string[] = []
  const [core, groups] = await Promise.all([
    document('/api', signal, aggregated),
    document('/apis', signal, aggregated).catch((error: unknown) => {
      signal.throwIfAborted()
      problems.push(`API groups: ${message(error)}`)
      return {}
    }),
  ])
  const found = [
    ...(await resourcesOf(core, '/api', signal, problems)),
    ...(await resourcesOf(groups, '/apis', signal, problems)),
  ]
  return { resources: found.sort(byGroupThenName), problems }
}

async function resourcesOf(answer: Json, path: string, signal: AbortSignal, problems: string[]): Promise<Resource[]> {
  if (text(answer.kind) === 'APIGroupDiscoveryList') return list(answer.items).flatMap(fromAggregated)
  const groups = path === '/api' ? coreVersions(answer) : groupVersions(answer)
  const answers = await Promise.all(
    groups.map(async ({ group, version, path }) => {
      try {
        return list((await document(path, signal)).resources).flatMap((entry) => fromLegacy(entry, group, version))
      } catch (error) {
        signal.throwIfAborted()
        problems.push(`${group || 'core'}/${version}: ${message(error)}`)
        return []
      }
    }),
  )
  return answers.flat()
}

interface GroupVersion {
  readonly group: string
  readonly version: string
  readonly path: string
}

function coreVersions(answer: Json): GroupVersion[] {
  return texts(answer.versions).map((version) => ({ group: '', version, path: `/api/${version}` }))
}

/** Each group in the version that its server prefers. */
function groupVersions(answer: Json): GroupVersion[] {
  return list(answer.groups).map((entry) => {
    const group = text(entry.name)
    const version = text(object(entry.preferredVersion).version) || text(list(entry.versions)[0]?.version)
    return { group, version, path: `/apis/${group}/${version}` }
  })
}

/** A resource is listed under each version of its group; the first that has it is the preferred one. */
function fromAggregated(group: Json): Resource[] {
  const name = text(object(group.metadata).name)
  const found = new Map<string, Resource>()
  for (const version of list(group.versions)) {
    for (const entry of list(version.resources)) {
      const resource = text(entry.resource)
      if (!resource || found.has(resource)) continue
      found.set(resource, {
        group: name,
        version: text(version.version),
        resource,
        kind: text(object(entry.responseKind).kind) || resource,
        namespaced: text(entry.scope) === 'Namespaced',
        shortNames: texts(entry.shortNames),
        ...abilities(texts(entry.verbs)),
      })
    }
  }
  return [...found.values()]
}

function fromLegacy(entry: Json, group: string, version: string): Resource[] {
  const resource = text(entry.name)
  // `pods/log` is a subresource.
  if (!resource || resource.includes('/')) return []
  return [
    {
      group,
      version,
      resource,
      kind: text(entry.kind) || resource,
      namespaced: entry.namespaced === true,
      shortNames: texts(entry.shortNames),
      ...abilities(texts(entry.verbs)),
    },
  ]
}

function abilities(verbs: readonly string[]): Pick<Resource, 'listable' | 'watchable'> {
  const listable = verbs.includes('list')
  return { listable, watchable: listable && verbs.includes('watch') }
}

/** Groups that people open most come first; then the others by name. */
const known = ['', 'apps', 'batch', 'networking.k8s.io', 'storage.k8s.io', 'policy', 'rbac.authorization.k8s.io']

function byGroupThenName(a: Resource, b: Resource): number {
  const rank = (group: string) => (known.includes(group) ? known.indexOf(group) : known.length)
  return rank(a.group) - rank(b.group) || a.group.localeCompare(b.group) || a.resource.localeCompare(b.resource)
}

async function document(path: string, signal: AbortSignal, accept = 'application/json'): Promise<Json> {
  const response = await fetch(path, {
    headers: { accept },
    cache: 'no-store',
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
  })
  if (response.type === 'opaqueredirect') throw new Error('the server asks to sign in')
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw new Error(text(object(body).message) || `the server answered ${response.status}`)
  return object(body)
}

type Json = Readonly<Record<string, unknown>>

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
