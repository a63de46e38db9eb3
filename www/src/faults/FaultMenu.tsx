import type { Connection } from '../connection/use-connection'

export function FaultMenu(_props: { readonly connection: Connection }) {
  return null
}
