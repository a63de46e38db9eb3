import { useMemo } from 'react'
import { type Address, leave } from '../address'
import type { Resource } from '../discovery'
import { type Choice, Picker } from './Picker'
import type { DiscoveryState } from './use-discovery'

interface Props {
  readonly address: Address
  readonly discovery: DiscoveryState
  readonly onPick: (change: Partial<Address>) => void
}

/** Chooses among the resources that the server has. Those that cannot be listed are named, but not offered. */
export function ResourcePicker({ address, discovery, onPick }: Props) {
  const choices = useMemo<readonly Choice[]>(
    () =>
      discovery.resources.map((entry) => ({
        value: `${entry.group}/${entry.version}/${entry.resource}`,
        text: entry.resource,
        hint: hint(entry),
        group: entry.group || 'core',
        disabled: !entry.listable,
      })),
    [discovery.resources],
  )
  return (
    <Picker
      label="Resource"
      value={`${address.group}/${address.version}/${address.resource}`}
      shown={address.resource}
      choices={choices}
      note={note(discovery)}
      onPick={(value) => {
        const [group = '', version = '', resource = ''] = value.split('/')
        onPick({ ...leave, group, version, resource })
      }}
    />
  )
}

function hint({ kind, shortNames, listable, watchable }: Resource): string {
  if (!listable) return 'cannot be listed'
  return [kind, ...shortNames, ...(watchable ? [] : ['not live'])].join(' · ')
}

function note(discovery: DiscoveryState): string | undefined {
  if (discovery.state === 'loading') return 'Asking the server what it has…'
  const problems = discovery.problems.join('; ')
  if (discovery.state === 'failed') return `The server did not say what it has: ${problems}`
  return problems ? `Some groups did not answer: ${problems}` : undefined
}
