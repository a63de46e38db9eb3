import type { Connection } from './use-connection'

/** Before what the page stands, and that it can only read. */
export function ConnectionLabel({ connection }: { readonly connection: Connection | undefined }) {
  if (connection === undefined) return null
  return (
    <small className="connection">
      {connection.kind === 'cluster'
        ? `${connection.context} · ${connection.user} · read-only`
        : `embedded server · Kubernetes ${connection.profile}`}
    </small>
  )
}
