// What a watch delivers: forms, order, the end of the initial events, and changes as they come.
import { accept } from '../../../scripts/lib/kube-client.mjs'
import { configmaps, gateOff, initial, invalid, pods, pretty, tableOrJson, watch, watchList } from './requests.mjs'

const web = ['web-0', 'web-1', 'web-2']
const settings = ['settings-0', 'settings-1', 'settings-2', 'settings-3', 'settings-4']
const harbor = '/apis/harbor.example/v1/namespaces/{ns}/boats'

/** A pod is changed, one comes and goes: in two steps, as pods go. */
const podLife = (name) => async (world, namespace) => {
  await world.patch('pods', namespace, 'web-0', { metadata: { labels: { changed: name } } })
  await world.create('pods', namespace, name, { metadata: { labels: { app: 'web' } } })
  await world.deletePod(namespace, name)
}
const podChanges = (name) => (form) => [
  `MODIFIED ${form} web-0`,
  `ADDED ${form} ${name}`,
  `MODIFIED ${form} ${name}`,
  `DELETED ${form} ${name}`,
]

/** An object enters a selector, changes within it and leaves it. */
async function throughSelector(world, namespace) {
  for (const sel of ['in', 'in', 'out']) {
    const touched = { sel, [`touched-${sel}`]: String(Date.now()) }
    await world.patch('pods', namespace, 'web-1', { metadata: { labels: touched } })
  }
}

/** What is written of a time so long ago. */
const ago = (seconds) => `${new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19)}Z`

/**
 * Two pods restart, two cron jobs are run, of which the second did so an hour before the first: what the server prints of
 * it is what has to be read of the first in an hour.
 */
async function restarts(world, namespace) {
  for (const [name, seconds] of [
    ['web-0', 320],
    ['web-1', 3920],
  ]) {
    const finishedAt = ago(seconds)
    const terminated = { exitCode: 1, reason: 'Error', startedAt: finishedAt, finishedAt }
    await world.patchStatus('pods', namespace, name, {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'main',
          image: 'nginx:1.27',
          imageID: '',
          ready: true,
          restartCount: 3,
          state: { running: { startedAt: finishedAt } },
          lastState: { terminated },
        },
      ],
    })
  }
}
async function schedules(world, namespace) {
  for (const [name, seconds] of [
    ['nightly', 55_800],
    ['nightly-older', 59_400],
  ]) {
    await world.create('cronjobs', namespace, name)
    await world.patchStatus('cronjobs', namespace, name, { lastScheduleTime: ago(seconds) })
  }
}
const onlyOn = (expect) => (dialect) => (dialect.watchList ? expect(dialect) : invalid(gateOff))
const onlyOnOrPretty = (expect) => (dialect) => (dialect.watchList ? expect(dialect) : pretty(invalid(gateOff)))

export const streams = [
  {
    name: 'pods-watchlist-table',
    request: watchList(pods),
    during: podLife('tmp-a'),
    expect: tableOrJson(9, 'Pod', web, podChanges('tmp-a')),
  },
  {
    name: 'pods-watchlist-metadata',
    request: watchList(pods, {}, { Accept: accept.metadata }),
    during: podLife('tmp-e'),
    expect: onlyOnOrPretty(() => [
      ...initial('PartialObjectMetadata', web),
      ...podChanges('tmp-e')('PartialObjectMetadata'),
    ]),
  },
  {
    name: 'pods-watchlist-object',
    request: watchList(pods, {}, { Accept: accept.json }),
    during: podLife('tmp-d'),
    expect: onlyOn(() => [...initial('Pod', web), ...podChanges('tmp-d')('Pod')]),
  },
  {
    name: 'pods-watchlist-cbor',
    request: watchList(pods, {}, { Accept: 'application/cbor-seq,application/json' }),
    expect: onlyOn(() => initial('Pod', web)),
  },
  {
    name: 'pods-watchlist-table-v1beta1',
    request: watchList(pods, {}, { Accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io' }),
    expect: onlyOnOrPretty(({ tables }) =>
      tables
        ? initial('Table', web, 9).map((line) => line.replace('Table', 'Table(meta.k8s.io/v1beta1)'))
        : [
            'HTTP 406 pretty',
            'Status v1 Failure NotAcceptable 406',
            'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
          ],
    ),
  },
  {
    name: 'pods-watchlist-table-include-none',
    request: watchList(pods, { includeObject: 'None' }),
    during: podLife('tmp-b'),
    // The row of the bookmark keeps its metadata, or its annotation would be lost.
    expect: onlyOn(({ tables }) =>
      tables
        ? [...initial('Table', web, 9), ...podChanges('tmp-b')('Table')].map((line) =>
            line.startsWith('HTTP') || line.endsWith(' end') ? line : `${line} with nothing`,
          )
        : [...initial('Pod', web), ...podChanges('tmp-b')('Pod')],
    ),
  },
  {
    name: 'pods-watchlist-table-include-object',
    request: watchList(pods, { includeObject: 'Object' }),
    during: podLife('tmp-c'),
    expect: onlyOn(({ tables }) =>
      tables
        ? [...initial('Table', web, 9), ...podChanges('tmp-c')('Table')].map((line) =>
            line.startsWith('HTTP')
              ? line
              : line.endsWith(' end')
                ? 'BOOKMARK Table empty with Pod end'
                : `${line} with Pod`,
          )
        : [...initial('Pod', web), ...podChanges('tmp-c')('Pod')],
    ),
  },
  {
    name: 'pods-watchlist-selector',
    request: watchList(pods, { labelSelector: 'sel=in' }),
    during: throughSelector,
    // Leaving the selector looks like a deletion.
    expect: tableOrJson(9, 'Pod', [], (form) => [
      `ADDED ${form} web-1`,
      `MODIFIED ${form} web-1`,
      `DELETED ${form} web-1`,
    ]),
  },
  {
    name: 'pods-watchlist-table-empty',
    request: watchList('/api/v1/namespaces/empty/pods'),
    expect: tableOrJson(9, 'Pod', []),
  },
  {
    name: 'pod-single-watchlist',
    request: watchList(pods, { fieldSelector: 'metadata.name=web-2' }),
    expect: tableOrJson(9, 'Pod', ['web-2']),
  },
  {
    name: 'pod-single-absent-watchlist',
    request: watchList(pods, { fieldSelector: 'metadata.name=nope' }),
    expect: tableOrJson(9, 'Pod', []),
  },
  {
    name: 'pods-watchlist-rv0',
    request: watchList(pods, { resourceVersion: 0 }),
    expect: tableOrJson(9, 'Pod', web),
  },
  {
    name: 'pods-watchlist-no-bookmarks',
    request: watchList(pods, { allowWatchBookmarks: undefined }),
    // Without bookmarks nothing ends the initial events, and 1.32 has Tables for it.
    expect: onlyOn(() => initial('Table', web, 9).slice(0, -1)),
  },
  {
    name: 'pods-watch-legacy-rv0',
    request: watch(pods, { resourceVersion: 0, allowWatchBookmarks: true }),
    // With the gate on, a plain watch with bookmarks from nowhere is a WatchList.
    expect: ({ watchList, tables }) =>
      watchList ? initial(tables ? 'Table' : 'Pod', web, 9) : initial('Table', web, 9).slice(0, -1),
  },
  {
    name: 'pods-watch-table-from-rv',
    prepare: async (client, namespace) => {
      const { metadata } = await client.json(`/api/v1/namespaces/${namespace}/pods?limit=1`)
      return { rv: metadata.resourceVersion }
    },
    request: watch(pods, { resourceVersion: '{rv}', allowWatchBookmarks: true }),
    during: podLife('tmp-f'),
    // The first event has the columns, whatever it is.
    expect: () =>
      ['HTTP 200', ...podChanges('tmp-f')('Table')].map((line, index) =>
        index === 1 ? 'MODIFIED Table 9 columns web-0' : line,
      ),
  },
  {
    name: 'configmaps-watch-from-rv',
    prepare: async (client, namespace) => {
      const { metadata } = await client.json(`/api/v1/namespaces/${namespace}/configmaps?limit=1`)
      return { rv: metadata.resourceVersion }
    },
    request: watch(configmaps, { resourceVersion: '{rv}' }, { Accept: accept.json }),
    during: async (world, namespace) => {
      await world.patch('configmaps', namespace, 'settings-1', { data: { k: 'w' } })
      await world.delete('configmaps', namespace, 'settings-1')
      await world.create('configmaps', namespace, 'settings-1')
    },
    expect: () => [
      'HTTP 200',
      'MODIFIED ConfigMap settings-1',
      'DELETED ConfigMap settings-1',
      'ADDED ConfigMap settings-1',
    ],
  },
  {
    name: 'configmaps-watchlist-table',
    request: watchList(configmaps),
    expect: tableOrJson(3, 'ConfigMap', settings),
  },
  {
    name: 'services-watchlist-table',
    request: watchList('/api/v1/namespaces/{ns}/services'),
    expect: tableOrJson(7, 'Service', ['web']),
  },
  {
    name: 'deployments-watchlist-table',
    request: watchList('/apis/apps/v1/namespaces/{ns}/deployments'),
    expect: tableOrJson(8, 'Deployment', ['web']),
  },
  {
    name: 'events-watchlist-table',
    request: watchList('/api/v1/namespaces/{ns}/events'),
    expect: tableOrJson(10, 'Event', ['web-0.1']),
  },
  {
    name: 'pods-watchlist-table-restarts',
    request: watchList(pods),
    during: restarts,
    expect: tableOrJson(9, 'Pod', web, (form) => [`MODIFIED ${form} web-0`, `MODIFIED ${form} web-1`]),
  },
  {
    name: 'cronjobs-watchlist-table',
    request: watchList('/apis/batch/v1/namespaces/{ns}/cronjobs'),
    during: schedules,
    expect: tableOrJson(10, 'CronJob', [], (form) =>
      ['nightly', 'nightly-older'].flatMap((name) => [`ADDED ${form} ${name}`, `MODIFIED ${form} ${name}`]),
    ),
  },
  {
    name: 'boats-watchlist-table',
    request: watchList(harbor),
    expect: tableOrJson(6, 'Boat', ['argo', 'hulk']),
  },
  {
    name: 'nodes-watchlist-metadata-absent',
    request: watchList('/api/v1/nodes', { fieldSelector: 'metadata.name=nope' }, { Accept: accept.metadata }),
    expect: onlyOnOrPretty(() => initial('PartialObjectMetadata', [])),
  },
  {
    // A bookmark comes shortly before the end that the client asked for.
    name: 'configmaps-watch-last-bookmark',
    prepare: async (client, namespace) => {
      const { metadata } = await client.json(`/api/v1/namespaces/${namespace}/configmaps?limit=1`)
      return { rv: metadata.resourceVersion }
    },
    request: watch(configmaps, { resourceVersion: '{rv}', allowWatchBookmarks: true, timeoutSeconds: 5 }),
    // Without a write there would be nothing newer to tell of.
    during: (world, namespace) => world.patch('configmaps', namespace, 'settings-0', { data: { k: 'w' } }),
    options: { bookmarks: true },
    atLeast: true,
    expect: () => ['HTTP 200', 'MODIFIED Table 3 columns settings-0', 'BOOKMARK Table empty'],
  },
  {
    name: 'pods-watchlist-table-gzip',
    request: watchList(pods, {}, { 'Accept-Encoding': 'gzip' }),
    during: podLife('tmp-g'),
    expect: (dialect) => {
      const [head, ...rest] = tableOrJson(9, 'Pod', web, podChanges('tmp-g'))(dialect)
      return [dialect.compression ? `${head} content-encoding=gzip vary=Accept-Encoding` : head, ...rest]
    },
  },
  {
    // What a browser sends: not the encoding that was asked for first, but gzip among others.
    name: 'pods-watchlist-table-gzip-browser',
    request: watchList(pods, {}, { 'Accept-Encoding': 'gzip, deflate, br, zstd' }),
    during: podLife('tmp-h'),
    expect: (dialect) => {
      const [head, ...rest] = tableOrJson(9, 'Pod', web, podChanges('tmp-h'))(dialect)
      return [dialect.compression ? `${head} content-encoding=gzip vary=Accept-Encoding` : head, ...rest]
    },
    members: ({ compression }) => (compression ? 'several' : undefined),
  },
  {
    name: 'pods-watchlist-table-gzip-range',
    request: watchList(pods, {}, { 'Accept-Encoding': 'identity', Range: 'bytes=0-' }),
    expect: tableOrJson(9, 'Pod', web),
  },
]
