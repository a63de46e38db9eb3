// What the page makes of one object, without a browser: its text, its links, its address, and which events are its own.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { useModules } from './lib/modules.mjs'

const page = useModules()

describe('the text of an object', () => {
  const text = async (object, showValues = false) => (await page('object/text.ts')).objectText(object, showValues)

  test('all of it but managedFields, in its own order', async () => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', managedFields: [{ manager: 'kubectl' }], labels: { b: 'on', a: '1' } },
      data: { script: '#!/bin/sh\necho "a: b"\n', empty: '', tab: '\ta' },
    }
    const shown = await text(object)
    const { managedFields: _, ...metadata } = object.metadata
    assert.deepEqual(parse(shown, { version: '1.1' }), { ...object, metadata })
    assert.deepEqual(Object.keys(parse(shown)), Object.keys(object))
    // kubectl reads YAML 1.1, in which a bare `on` is true.
    assert.match(shown, /b: "on"/)
  })

  test('numbers that JavaScript cannot hold', async () => {
    assert.equal(await text({ big: 9_007_199_254_740_993n }), 'big: 9007199254740993\n')
  })

  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 's',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"k":"djEyMw=="}}', kept: 'yes' },
    },
    data: { k: 'djEyMw==', none: '', odd: 7 },
    stringData: { plain: 'grün' },
    type: 'Opaque',
  }

  test('a Secret keeps its values to itself, and says how long they are', async () => {
    const shown = await text(secret)
    assert.doesNotMatch(shown, /djEyMw|grün/)
    const { data, stringData, metadata, type } = parse(shown)
    assert.deepEqual(data, { k: '(hidden, 4 bytes)', none: '(hidden, 0 bytes)', odd: '(hidden)' })
    assert.deepEqual(stringData, { plain: '(hidden, 5 bytes)' })
    assert.equal(metadata.annotations.kept, 'yes')
    assert.equal(type, 'Opaque')
    assert.equal(parse(await text({ ...secret, data: 'odd' })).data, '(hidden)')
  })

  test('and shows them when asked to', async () => {
    assert.deepEqual(parse(await text(secret, true)), secret)
  })

  test('keys are told from what only looks like one', async () => {
    const { parseLines } = await page('object/Yaml.tsx')
    const shown = await text({
      'f:a': { '.': {} },
      url: 'http://a/b: c',
      list: [{ name: 'x', image: 'r:5/i:1' }, 'http://plain', '- no: key'],
      script: 'not: a key\n  nor: this\n',
      after: true,
      'needs: quotes': 1,
    })
    const keys = parseLines(shown).map(({ key }) => key.trim())
    assert.deepEqual(keys.filter(Boolean), [
      ...['f:a:', '".":', 'url:', 'list:', '- name:', 'image:', 'script:', 'after:', '"needs: quotes":'],
    ])
    assert.equal(
      parseLines(shown)
        .map(({ key, rest }) => key + rest)
        .join('\n'),
      shown.trimEnd(),
    )
    assert.equal(parseLines('a: b\n'.repeat(5000)), undefined)
  })
})

describe('where an object leads', () => {
  const resource = (group, plural, kind, namespaced = true) => ({
    ...{ group, version: 'v1', resource: plural, kind, namespaced },
    ...{ shortNames: [], listable: true, watchable: true },
  })
  const known = [resource('apps', 'replicasets', 'ReplicaSet'), resource('', 'nodes', 'Node', false)]
  const links = async (object) => (await page('object/links.ts')).linksOf(object, known)
  const owner = (apiVersion, kind, name) => ({ apiVersion, kind, name, uid: 'u' })

  test('a pod: its namespace, its node, its owners', async () => {
    const found = await links({
      kind: 'Pod',
      metadata: {
        ...{ name: 'web-1', namespace: 'shop' },
        ownerReferences: [owner('apps/v1', 'ReplicaSet', 'web'), owner('example.com/v1', 'Unheard', 'x')],
      },
      spec: { nodeName: 'worker:1' },
    })
    assert.deepEqual(found, [
      { label: 'Namespace', text: 'shop', href: '#/v1/namespaces?open=shop' },
      { label: 'Node', text: 'worker:1', href: '#/v1/nodes?open=worker%3A1' },
      { label: 'Owner', text: 'ReplicaSet web', href: '#/apps/v1/replicasets?namespace=shop&open=shop/web' },
      { label: 'Owner', text: 'Unheard x' },
    ])
  })

  test('a mirror pod is owned by a node, which has no namespace', async () => {
    const metadata = { name: 'p', namespace: 'kube-system', ownerReferences: [owner('v1', 'Node', 'n1')] }
    assert.equal((await links({ kind: 'Pod', metadata })).at(-1).href, '#/v1/nodes?open=n1')
  })

  test('an event: what it is about', async () => {
    const involvedObject = { kind: 'ReplicaSet', apiVersion: 'apps/v1', namespace: 'shop', name: 'web' }
    const found = await links({ kind: 'Event', metadata: { name: 'e', namespace: 'shop' }, involvedObject })
    assert.equal(found.at(-1).href, '#/apps/v1/replicasets?namespace=shop&open=shop/web')
  })

  test('nothing of an object that says nothing, or nonsense', async () => {
    for (const object of [
      {},
      { metadata: null, spec: 7 },
      { metadata: { ownerReferences: 'x' }, kind: 'Pod', spec: [] },
    ])
      assert.deepEqual(await links(object), [])
  })

  test('which events are its own', async () => {
    const { eventsOf } = await page('object/links.ts')
    const pod = { kind: 'Pod', metadata: { name: 'a', namespace: 'b', uid: 'c' } }
    assert.deepEqual(eventsOf(pod), {
      namespaces: ['b'],
      fieldSelector: 'involvedObject.kind=Pod,involvedObject.name=a,involvedObject.namespace=b,involvedObject.uid=c',
    })
    // A kubelet gives its node's name for the uid.
    assert.deepEqual(eventsOf({ kind: 'Node', metadata: { name: 'n', uid: 'u' } }), {
      fieldSelector: 'involvedObject.kind=Node,involvedObject.name=n',
    })
    assert.equal(eventsOf({ kind: 'Event', metadata: { name: 'e' } }), undefined)
    assert.equal(eventsOf({}), undefined)
  })

  test('the path of an object', async () => {
    const { pathOf } = await page('object/links.ts')
    const pods = { group: '', version: 'v1', resource: 'pods' }
    assert.equal(pathOf(pods, { namespace: 'a', name: 'b' }), '/api/v1/namespaces/a/pods/b')
    const roles = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles' }
    assert.equal(
      pathOf(roles, { namespace: '', name: 'system:node' }),
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode',
    )
  })
})

describe('the address', () => {
  test('says which row, and which object is open', async () => {
    const { parseAddress, formatAddress, home } = await page('address.ts')
    const web = { namespace: 'shop', name: 'web' }
    const node = { namespace: '', name: 'a b&c' }
    for (const address of [
      { ...home, selected: web },
      { ...home, selected: web, opened: web },
      { ...home, selected: web, opened: node, filter: 'a=b', sort: { column: 'Age', descending: true }, wide: true },
      { ...home, selected: node },
    ])
      assert.deepEqual(parseAddress(formatAddress(address)), address)
    assert.equal(formatAddress({ ...home, selected: web, opened: web }), '#/v1/pods?open=shop/web')
  })
})
