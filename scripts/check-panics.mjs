// Looks for panicking code in a release build of frame, json, event and status alone: a panic kills a wasm instance, and lints see
// few of the calls that can. Compiles tests/panic-free for wasm as the product is compiled, follows the calls from its
// exports through the assembly (tables and vtables included), and compares every call that reaches a panic with
// docs/panics.md, where each is listed with why it cannot happen. Fails on one that is not listed, and on one that is
// listed and gone. `--write` prints the table's rows as they would have to be.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root, run, step } from './lib/run.mjs'
import { rustTarget } from './tools.mjs'

const target = 'wasm32-unknown-unknown'
const builds = [
  { name: 'simd128', flags: ['-Ctarget-feature=+simd128'] },
  { name: 'scalar', flags: ['-Ctarget-feature=-simd128'] },
]
const roots = ['frame_watch', 'frame_list', 'json', 'event', 'status', 'element', 'list_metadata']
const list = 'docs/panics.md'
const escapes = { $LT$: '<', $GT$: '>', $u20$: ' ', $RF$: '&', $C$: ',', $u7b$: '{', $u7d$: '}' }

/** Functions of the standard library that do not return: whoever calls one panics or aborts. */
const panics =
  /^(core|alloc|std)::.*(panic|_fail(ed)?$|capacity_overflow|handle_error|handle_alloc_error|unwrap_failed|expect_failed|::abort$)/

const listed = await readList()
const found = new Map()
let problems = 0
for (const build of builds) {
  for (const edge of reachable(graph(await compile(build)))) {
    found.set(edge, [...(found.get(edge) ?? []), build.name])
  }
}
for (const [edge, names] of found) {
  const reason = listed.get(edge)
  if (reason) continue
  problems += 1
  console.log(`  not listed in ${list} (${names.join(', ')}): ${edge}`)
}
for (const edge of listed.keys()) {
  if (found.has(edge)) continue
  problems += 1
  console.log(`  listed in ${list} and gone: ${edge}`)
}
if (process.argv.includes('--write')) {
  for (const edge of [...found.keys()].sort()) {
    const [caller, callee] = edge.split(' → ')
    console.log(`| \`${caller}\` | \`${callee}\` | ${listed.get(edge) ?? ''} |`)
  }
}
console.log(`  ${found.size} calls that could panic, ${listed.size} listed`)
console.log(`ℹ pass ${problems === 0 ? builds.length : 0}\nℹ fail ${problems}`)
process.exitCode = problems === 0 ? 0 : 1

/** The assembly of a build. */
async function compile({ name, flags }) {
  await rustTarget(target)
  const output = join(root, 'target', 'panics', `${name}.s`)
  await mkdir(join(root, 'target', 'panics'), { recursive: true })
  const command = ['rustc', '--locked', '--release', '-p', 'panic-free', '--target', target, '--crate-type', 'cdylib']
  await step(`compiling frame, json, event and status (${name})`, () =>
    run('cargo', [...command, '--', `--emit=asm=${output}`, '-Cstrip=none', ...flags], {
      env: { RUSTFLAGS: undefined },
    }),
  )
  return readFile(output, 'utf8')
}

/** Which symbol names which others: `{ symbol: Set of symbols }`, of code and of constant data. */
function graph(assembly) {
  const symbols = new Map()
  let current
  let section = ''
  for (const line of assembly.split('\n')) {
    section = /^\t\.section\t(\.\w+)/.exec(line)?.[1] ?? section
    if (section.startsWith('.debug')) continue
    const label = /^([\w.$]+):/.exec(line)
    // In code, local labels are places inside a function; in data they are symbols.
    if (label && !(section === '.text' && label[1].startsWith('.L'))) {
      current = new Set()
      symbols.set(label[1], current)
    } else if (current && (!line.startsWith('\t.') || line.startsWith('\t.int32'))) {
      // Instructions and pointers in data; other directives may speak of the next symbol already.
      for (const word of line.match(/[\w.$]+/g) ?? []) current.add(word)
    }
  }
  for (const words of symbols.values()) {
    for (const word of words) if (!symbols.has(word)) words.delete(word)
  }
  return symbols
}

/** The calls of panicking functions that can be reached from the roots, as `caller → callee`. */
function reachable(symbols) {
  const missing = roots.filter((symbol) => !symbols.has(symbol))
  if (missing.length > 0) throw new Error(`not in the assembly: ${missing.join(', ')}`)
  const edges = new Set()
  const seen = new Set(roots)
  const left = [...roots]
  while (left.length > 0) {
    const symbol = left.pop()
    for (const next of symbols.get(symbol)) {
      if (panics.test(demangled(next))) edges.add(`${demangled(symbol)} → ${demangled(next)}`)
      else if (!seen.has(next)) {
        seen.add(next)
        left.push(next)
      }
    }
  }
  if (seen.size < 20) throw new Error(`only ${seen.size} symbols are reachable: the assembly was not understood`)
  return edges
}

/** The path of a symbol, without its hash and generic arguments: enough to find it and to compare it. */
function demangled(symbol) {
  const legacy = /^_ZN(.*)17h[0-9a-f]{16}E/.exec(symbol)
  if (legacy) {
    return identifiers(legacy[1], /^(\d+)/)
      .map((name) => name.replace(/^_\$/, '$'))
      .join('::')
      .replaceAll(/\$LT\$|\$GT\$|\$u20\$|\$RF\$|\$C\$|\$u7b\$|\$u7d\$/g, (sign) => escapes[sign])
      .replaceAll('..', '::')
  }
  if (!symbol.startsWith('_R')) return symbol
  // Disambiguators and back references hold digits that are no lengths; the crate at the end is where it was compiled.
  const compiledIn = /^.*(Cs[0-9A-Za-z]+_(\d+)_?(\w+))$/.exec(symbol)
  const alone = compiledIn && compiledIn[3].length === Number(compiledIn[2])
  const end = alone ? symbol.length - compiledIn[1].length : symbol.length
  const path = symbol
    .slice(2, end)
    .replaceAll(/(?<=[XMCYNtvI0-9_])C?s[0-9A-Za-z]*_(?=[A-Z0-9])/g, '')
    .replaceAll(/B[0-9A-Za-z]{0,2}_/g, '')
  return identifiers(path, /^(\d+)_?/).join('::')
}

function identifiers(path, prefix) {
  const found = []
  for (let at = 0; at < path.length; ) {
    const length = prefix.exec(path.slice(at))
    if (!length || Number(length[1]) === 0) {
      at += 1
      continue
    }
    at += length[0].length
    found.push(path.slice(at, at + Number(length[1])))
    at += Number(length[1])
  }
  return found
}

async function readList() {
  const rows = new Map()
  for (const line of (await readFile(join(root, list), 'utf8')).split('\n')) {
    const row = /^\| `(.+?)` \| `(.+?)` \| (.+?) \|$/.exec(line)
    if (row) rows.set(`${row[1]} → ${row[2]}`, row[3])
  }
  return rows
}
