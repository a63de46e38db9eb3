import { useCallback, useSyncExternalStore } from 'react'
import { type Address, formatAddress, isStep, parseAddress, sameTable } from './address'

/** What the history keeps of a step. */
interface Step {
  /** The address before it. */
  readonly from: string
}

let current = parseAddress(location.hash)
const listeners = new Set<() => void>()

function read(): void {
  current = parseAddress(location.hash)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('popstate', read)
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) removeEventListener('popstate', read)
  }
}

/** The address, and a function that changes parts of it. */
export function useAddress(): [Address, (change: Partial<Address>) => void] {
  const address = useSyncExternalStore(subscribe, () => current)
  const go = useCallback((change: Partial<Address>) => {
    const next = { ...current, ...change }
    const url = formatAddress(next)
    if (isStep(current, next)) {
      // What is opened from a table is the row one comes back to.
      const left = !current.opened && sameTable(current, next) ? { ...current, selected: next.opened } : current
      const from = formatAddress(left)
      if (left !== current) history.replaceState(history.state, '', from)
      history.pushState({ from } satisfies Step, '', url)
    }
    // Closing an object goes back to what it was opened from: else "back" would have to be pressed twice.
    else if (current.opened && !next.opened && (history.state as Step | null)?.from === url) return history.back()
    else history.replaceState(history.state, '', url)
    read()
  }, [])
  return [address, go]
}
