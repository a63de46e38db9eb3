// To which other objects one leads: its namespace, its owners, the node of a pod, what an event is about.
import { addressOf, formatAddress, type ObjectName } from '../address'
import type { Resource } from '../discovery'
import type { Json } from './reader'

export interface Link {
  readonly label: string
  readonly text: string
  /** Absent where discovery knows no resource of the kind. */
  readonly href?: string
}

interface Reference {
  readonly apiVersion?: unknown
  readonly kind?: unknown
  readonly name?: unknown
  readonly namespace?: unknown
}

const core = { group: '', version: 'v1' }

export function linksOf(object: Json, resources: readonly Resource[]): readonly Link[] {
  const metadata = part(object, 'metadata')
  const namespace = text(metadata.namespace)
  const links: Link[] = []
  if (namespace) {
    links.push(link('Namespace', namespace, { ...core, resource: 'namespaces' }, { namespace: '', name: namespace }))
  }
  const node = text(part(object, 'spec').nodeName)
  if (node && object.kind === 'Pod') {
    links.push(link('Node', node, { ...core, resource: 'nodes' }, { namespace: '', name: node }))
  }
  const owners = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : []
  for (const owner of owners) links.push(reference('Owner', owner as Reference, namespace, resources))
  if (object.kind === 'Event') {
    const about = part(object, 'involvedObject').name ? part(object, 'involvedObject') : part(object, 'regarding')
    if (about.name) links.push(reference('About', about, text(about.namespace), resources))
  }
  return links
}

function reference(label: string, to: Reference, namespace: string, resources: readonly Resource[]): Link {
  const [kind, name] = [text(to.kind), text(to.name)]
  const group = text(to.apiVersion).split('/').slice(0, -1).join('/')
  const resource = resources.find((known) => known.kind === kind && known.group === group && known.listable)
  if (!resource) return { label, text: `${kind} ${name}` }
  return link(label, `${kind} ${name}`, resource, { namespace: resource.namespaced ? namespace : '', name })
}

function link(label: string, shown: string, resource: Parameters<typeof addressOf>[0], object: ObjectName): Link {
  return { label, text: shown, href: formatAddress(addressOf(resource, object)) }
}

/** API path of an object, below the origin. */
export function pathOf(
  { group, version, resource }: { group: string; version: string; resource: string },
  object: ObjectName,
): string {
  const root = group ? ['apis', group, version] : ['api', version]
  const inside = object.namespace ? ['namespaces', object.namespace] : []
  return `/${[...root, ...inside, resource, object.name].map(encodeURIComponent).join('/')}`
}

/** Which events are about an object; `undefined` where that cannot be asked. */
export function eventsOf(
  object: Json,
): { readonly namespaces?: readonly string[]; readonly fieldSelector: string } | undefined {
  const metadata = part(object, 'metadata')
  const [kind, name, namespace, uid] = [object.kind, metadata.name, metadata.namespace, metadata.uid].map(text)
  if (!kind || !name || kind === 'Event') return undefined
  const fields = [`involvedObject.kind=${kind}`, `involvedObject.name=${name}`]
  // Events about cluster-scoped objects lie in any namespace, and those of a kubelet name its node by name, not by uid.
  if (namespace) fields.push(`involvedObject.namespace=${namespace}`)
  if (namespace && uid) fields.push(`involvedObject.uid=${uid}`)
  return { ...(namespace && { namespaces: [namespace] }), fieldSelector: fields.join(',') }
}

function part(object: Json, name: string): Json {
  const value = object[name]
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
