// Writes the report of the public API anew: `npm run api`, after the package was built.
import { writeFile } from 'node:fs/promises'
import { API_REPORT, apiReport } from '../tests/packaging/lib/tools.mjs'

await writeFile(API_REPORT, await apiReport())
console.log(`wrote ${API_REPORT}`)
