// What a LIST answers: forms, pages, and the same collection at a resourceVersion.
import { accept } from '../../../scripts/lib/kube-client.mjs'
import { configmaps, get, pods } from './requests.mjs'

const web = ['web-0', 'web-1', 'web-2']
const rows = (columns, names, page = '') => ['HTTP 200', `Table ${columns} columns${page}`, ...names]

export const lists = [
  { name: 'pods-list-table', request: get(pods), expect: () => rows(9, web) },
  {
    name: 'pods-list-table-empty',
    request: get('/api/v1/namespaces/empty/pods'),
    expect: () => rows(9, []),
  },
  {
    name: 'pods-list-object',
    request: get(pods, {}, { Accept: accept.json }),
    expect: () => ['HTTP 200', 'PodList', ...web],
  },
  {
    name: 'pods-list-metadata',
    request: get(pods, {}, { Accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }),
    expect: () => ['HTTP 200', 'PartialObjectMetadataList', ...web.map((name) => `PartialObjectMetadata ${name}`)],
  },
  {
    name: 'pods-list-table-include-none',
    request: get(pods, { includeObject: 'None' }),
    expect: () => rows(9, ['web-0 with nothing', 'web-1 with nothing', 'web-2 with nothing']),
  },
  {
    name: 'pods-list-table-include-object',
    request: get(pods, { includeObject: 'Object' }),
    expect: () => rows(9, ['web-0 with Pod', 'web-1 with Pod', 'web-2 with Pod']),
  },
  {
    name: 'configmaps-list-table-page1',
    request: get(configmaps, { limit: 2 }),
    expect: () => rows(3, ['settings-0', 'settings-1'], ' continue remaining 3'),
  },
  {
    name: 'configmaps-list-table-page2',
    prepare: async (client, namespace) => {
      const { metadata } = await client.json(`/api/v1/namespaces/${namespace}/configmaps?limit=2`)
      return { continue: metadata.continue }
    },
    request: get(configmaps, { limit: 2, continue: '{continue}' }),
    expect: () => rows(3, ['settings-2', 'settings-3'], ' continue remaining 1'),
  },
  {
    // With a selector the server does not count what remains.
    name: 'pods-list-selector-page',
    request: get(pods, { limit: 2, labelSelector: 'app=web' }),
    expect: () => rows(9, ['web-0', 'web-1'], ' continue'),
  },
  {
    name: 'pods-list-field-selector',
    request: get(pods, { fieldSelector: 'metadata.name=web-1' }),
    expect: () => rows(9, ['web-1']),
  },
  {
    // The probe after an unclean end: has the server come as far as this resourceVersion?
    name: 'pods-list-probe',
    prepare: async (client, namespace) => {
      const { metadata } = await client.json(`/api/v1/namespaces/${namespace}/pods?limit=1`)
      return { rv: metadata.resourceVersion }
    },
    request: get(pods, {
      fieldSelector: 'metadata.name=nope',
      resourceVersion: '{rv}',
      resourceVersionMatch: 'NotOlderThan',
    }),
    expect: () => rows(9, []),
  },
  {
    name: 'pods-list-exact',
    prepare: async (client, namespace) => {
      const { metadata } = await client.json(`/api/v1/namespaces/${namespace}/pods?limit=1`)
      return { rv: metadata.resourceVersion }
    },
    request: get(pods, { resourceVersion: '{rv}', resourceVersionMatch: 'Exact' }),
    expect: () => rows(9, web),
  },
  {
    name: 'version',
    request: get('/version', {}, { Accept: accept.json }),
    // Newer ones say besides which version they behave as.
    options: { keys: ['gitVersion', 'major', 'minor'] },
    expect: () => ['HTTP 200 pretty', 'gitVersion string', 'major string', 'minor string'],
  },
  {
    name: 'api-aggregated',
    request: get(
      '/api',
      {},
      { Accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json' },
    ),
    expect: ({ unknown }) =>
      unknown
        ? ['HTTP 200', 'APIVersions ']
        : [
            'HTTP 200 application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList vary=Accept',
            'APIGroupDiscoveryList',
            '',
          ],
  },
]
