import { useEffect, useState } from 'react'

/** What the page stands before. */
export type Connection =
  | {
      /** A cluster, through the read-only proxy of `npm start`. */
      readonly kind: 'cluster'
      readonly context: string
      readonly user: string
    }
  | {
      /** The fake API server, which can be made to fail. */
      readonly kind: 'fake'
      readonly profile: string
    }

/** `undefined` while it is unknown, and before a server that does not say. */
export function useConnection(): [Connection | undefined, (connection: Connection) => void] {
  const [connection, setConnection] = useState<Connection>()
  useEffect(() => {
    const end = new AbortController()
    void find(end.signal).then((found) => {
      if (!end.signal.aborted) setConnection(found)
    })
    return () => end.abort()
  }, [])
  return [connection, setConnection]
}

async function find(signal: AbortSignal): Promise<Connection | undefined> {
  const found = await ask('/_connection', signal)
  if (found?.fake === true) return { kind: 'fake', profile: String(found.profile ?? '') }
  return found && { kind: 'cluster', context: String(found.context ?? ''), user: String(found.user ?? '') }
}

/** The answer as an object; `undefined` for any other. */
export async function ask(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(path, { cache: 'no-store', redirect: 'manual', signal })
    const body: unknown = response.ok ? await response.json() : undefined
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
