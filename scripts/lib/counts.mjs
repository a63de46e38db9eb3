// Reads how many tests ran from what test runners print. A suite that ran none is a failure, not a success.
import { stripVTControlCharacters } from 'node:util'

/** `{ passed, failed, skipped }` summed over every closing line of cargo test, wasm-bindgen-test and node:test. */
export function counts(output) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const line of stripVTControlCharacters(output).split('\n')) {
    const rust = /^test result: \S+\. (\d+) passed; (\d+) failed; (\d+) ignored/.exec(line)
    if (rust) {
      total.passed += Number(rust[1])
      total.failed += Number(rust[2])
      total.skipped += Number(rust[3])
      continue
    }
    const node = /^(?:ℹ|#) (pass|fail|cancelled|skipped|todo) (\d+)$/.exec(line.trim())
    if (node) {
      const key = { pass: 'passed', fail: 'failed', cancelled: 'failed', skipped: 'skipped', todo: 'skipped' }[node[1]]
      total[key] += Number(node[2])
    }
  }
  return total
}

/** What is quoted of the reason of a failed test: its message, and where it came from. */
const REASON_LINES = 12

/** The tests that failed, as the same runners print them: each once, in their order, as `{ name, reason }` with the lines of the reason. */
export function failures(output) {
  const lines = stripVTControlCharacters(output).split('\n')
  const found = new Map()
  for (const [index, line] of lines.entries()) {
    // In the words of cargo, and of wasm-bindgen-test.
    const name = /^test (\S.*) \.\.\. FAIL(?:ED)?$/.exec(line)?.[1]
    if (name !== undefined) {
      const headings = [`---- ${name} stdout ----`, `---- ${name} output ----`]
      const heading = lines.findIndex((text) => headings.includes(text))
      found.set(name, heading === -1 ? [] : reasonAfter(lines, heading))
    }
    const node = /^\s*✖ (.+) \([\d.]+ms\)$/.exec(line)?.[1]
    if (node !== undefined && !found.has(node)) found.set(node, reasonAfter(lines, index))
  }
  return [...found].map(([name, reason]) => ({ name, reason }))
}

/** Lines after a heading, till the next test or the inside of the runner. */
function reasonAfter(lines, heading) {
  const after = lines.slice(heading + 1).map((line) => line.trim())
  const end = after.findIndex((line) => /^([✖✔▶ℹ﹣]|----|failures:|test at )|node:internal/.test(line))
  return after
    .slice(0, end === -1 ? undefined : end)
    .filter((line) => line !== '')
    .slice(0, REASON_LINES)
}
