// Every case of a single request.
import { lists } from './lists.mjs'
import { refusals } from './refusals.mjs'
import { streams } from './streams.mjs'

export const cases = [...refusals, ...lists, ...streams]
