import { useEffect, useState } from 'react'
import { type Discovery, discover } from '../discovery'

export interface DiscoveryState extends Discovery {
  readonly state: 'loading' | 'done' | 'failed'
}

/** What the server has. The page works before the answer, and without one. */
export function useDiscovery(): DiscoveryState {
  const [state, setState] = useState<DiscoveryState>({ state: 'loading', resources: [], problems: [] })
  useEffect(() => {
    const end = new AbortController()
    discover(end.signal).then(
      (found) => setState({ state: 'done', ...found }),
      (error: unknown) => {
        if (end.signal.aborted) return
        setState({
          state: 'failed',
          resources: [],
          problems: [error instanceof Error ? error.message : String(error)],
        })
      },
    )
    return () => end.abort()
  }, [])
  return state
}
