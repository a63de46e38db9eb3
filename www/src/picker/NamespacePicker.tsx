import type { Client } from 'kube-watchlist'
import { useEffect, useMemo } from 'react'
import { useStatus } from '../status/use-status'
import { type OpenTable, useSnapshot, useTable } from '../table/use-view'
import { type Choice, Picker } from './Picker'

interface Props {
  readonly client: Client
  /** Empty: all. */
  readonly namespace: string
  readonly onPick: (namespace: string) => void
}

const request = { version: 'v1', resource: 'namespaces' }

/** Chooses a namespace from the server's own live list, or any name where listing them is forbidden. */
export function NamespacePicker({ client, ...props }: Props) {
  const table = useTable(client, request)
  return table ? <Names table={table} {...props} /> : null
}

function Names({
  table: { watch, view },
  namespace,
  onPick,
}: Omit<Props, 'client'> & { readonly table: OpenTable }) {
  const status = useStatus(watch)
  const { rows, count } = useSnapshot(view)
  useEffect(() => {
    view.update({ sort: [{ column: 'Name' }] })
  }, [view])
  useEffect(() => view.setWindow(0, Math.max(1, count)), [view, count])
  const choices = useMemo<readonly Choice[]>(
    () => [
      { value: '', text: 'All namespaces' },
      ...rows.flatMap((row) => (row ? [{ value: row.meta.name, text: row.meta.name }] : [])),
    ],
    [rows],
  )
  return (
    <Picker
      label="Namespace"
      value={namespace}
      shown={namespace || 'All'}
      choices={choices}
      note={note(status.phase, status.error?.message)}
      free
      onPick={onPick}
    />
  )
}

function note(phase: string, error: string | undefined): string | undefined {
  if (phase === 'failed' || phase === 'auth') return `Type a name: ${error ?? 'they cannot be listed'}`
  return phase === 'connecting' || phase === 'syncing' ? 'The list is coming…' : undefined
}
