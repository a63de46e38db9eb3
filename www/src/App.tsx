import type { Client, TableRequest } from 'kube-watchlist'
import { useMemo, useRef, useState } from 'react'
import { ConnectionLabel } from './connection/ConnectionLabel'
import { useConnection } from './connection/use-connection'
import { FaultMenu } from './faults/FaultMenu'
import { useFaults } from './faults/use-faults'
import { FilterBox } from './filter/FilterBox'
import { NamespacePicker } from './picker/NamespacePicker'
import { ResourcePicker } from './picker/ResourcePicker'
import { useDiscovery } from './picker/use-discovery'
import { StatsPanel } from './stats/StatsPanel'
import { TablePage } from './TablePage'
import { useTable } from './table/use-view'
import { ThemeSwitch } from './theme/ThemeSwitch'
import { useAddress } from './use-address'

export function App({ client }: { readonly client: Client }) {
  const [address, go] = useAddress()
  const [connection, setConnection] = useConnection()
  const discovery = useDiscovery()
  const { group, version, resource, namespace } = address
  const known = discovery.resources.find(
    (entry) => entry.group === group && entry.resource === resource && entry.version === version,
  )
  // Until discovery answers, a resource is taken to be what the address makes of it: the table need not wait.
  const namespaced = known?.namespaced ?? !(group === '' && (resource === 'nodes' || resource === 'namespaces'))
  const request = useMemo<TableRequest>(
    () => ({
      ...(group && { group }),
      version,
      resource,
      ...(namespaced && namespace && { namespaces: [namespace] }),
    }),
    [group, version, resource, namespaced, namespace],
  )
  const table = useTable(client, request)
  const [breaking, setBreaking] = useState(false)
  const [measuring, setMeasuring] = useState(false)
  const [faults, lookAtFaults] = useFaults(connection?.kind === 'fake', breaking)
  const breakButton = useRef<HTMLButtonElement>(null)

  return (
    <>
      <header className="bar">
        <h1 className="mark">
          kube-watchlist
          <ConnectionLabel connection={connection} />
        </h1>
        <ResourcePicker address={address} discovery={discovery} onPick={go} />
        {namespaced && (
          <NamespacePicker
            client={client}
            namespace={namespace}
            onPick={(picked) => go({ namespace: picked, opened: undefined })}
          />
        )}
        <FilterBox value={address.filter} onChange={(filter) => go({ filter })} />
        <label className="toggle">
          <input type="checkbox" checked={address.wide} onChange={(event) => go({ wide: event.target.checked })} />
          Wide
        </label>
        <div className="tools">
          {connection?.kind === 'fake' && (
            <button
              ref={breakButton}
              type="button"
              className="tool"
              data-active={faults.length > 0 || undefined}
              aria-expanded={breaking}
              aria-controls={breaking ? 'faults' : undefined}
              onClick={() => setBreaking(!breaking)}
            >
              Break it
            </button>
          )}
          <button
            type="button"
            className="tool"
            aria-expanded={measuring}
            aria-controls={measuring ? 'stats' : undefined}
            onClick={() => setMeasuring(!measuring)}
          >
            Measure
          </button>
          <ThemeSwitch />
        </div>
      </header>
      <div className="work">
        <main className="page">
          {table && (
            <TablePage
              key={JSON.stringify(request)}
              client={client}
              table={table}
              resources={discovery.resources}
              address={address}
              noun={resource}
              spansNamespaces={namespaced && !namespace}
              onChange={go}
            />
          )}
        </main>
        {breaking && connection?.kind === 'fake' && (
          <FaultMenu
            id="faults"
            faults={faults}
            onChange={lookAtFaults}
            profile={connection.profile}
            onProfile={(profile) => setConnection({ kind: 'fake', profile })}
            onClose={() => {
              setBreaking(false)
              breakButton.current?.focus()
            }}
          />
        )}
      </div>
      {measuring && table && <StatsPanel key={JSON.stringify(request)} id="stats" watch={table.watch} />}
    </>
  )
}
