// Every case of a single request.
import { before } from './before.mjs'
import { lists } from './lists.mjs'
import { refusals } from './refusals.mjs'
import { streams } from './streams.mjs'

export const cases = [...refusals, ...lists, ...streams]

/** Those that a server of this dialect is asked: what concerns parameters that it does not know is told by cases of their own. */
export function casesFor({ unknown }) {
  if (!unknown) return cases
  return [...cases.filter(({ request }) => !unknown.some((name) => request.path.includes(`${name}=`))), ...before]
}
