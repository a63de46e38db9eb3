/**
 * Turns the glue that wasm-bindgen writes into a factory.
 *
 * wasm-bindgen keeps one instance in variables of the module. The package needs one a client, a fresh one after a trap, and every
 * function between JavaScript and an instance in the hands of js/src/guard.ts. So the glue's code becomes the body of
 * `instantiate(link)`, and `link` stands where the glue made the instance. Each step checks that the text is what the pinned version
 * writes; another version fails the build here instead of a page later.
 */

/** The classes and functions that the factory hands out; `glue.d.ts` declares them. */
export function glueFactory(text) {
  const names = [...text.matchAll(/^export (?:class|function) (\w+)/gm)].map((match) => match[1])
  if (names.length === 0) throw new Error('the glue exports nothing')
  let body = text
  const edit = (pattern, replacement) => {
    const count = [...body.matchAll(new RegExp(pattern, `${pattern.flags}g`))].length
    if (count !== 1) throw new Error(`the glue of wasm-bindgen changed: ${pattern} occurs ${count} times`)
    body = body.replace(pattern, replacement)
  }
  edit(/^\/\* @ts-self-types=.*\n/m, '')
  body = body.replace(/^export (class|function) /gm, '$1 ')
  // Loading, streaming and initialising once are js/src/module.ts and js/src/client.ts.
  edit(/^async function __wbg_load[\s\S]*?^}\n/m, '')
  edit(/^function initSync[\s\S]*?^}\n/m, '')
  edit(/^let __wbg_init_promise;\n/m, '')
  edit(/^async function __wbg_init\([\s\S]*?^}\n/m, '')
  edit(/^async function __wbg_init_once[\s\S]*?^}\n/m, '')
  edit(/^export \{ initSync, __wbg_init as default \};\n?/m, '')
  edit(/^let wasmModule, wasmInstance, wasm;\nfunction __wbg_finalize_init[\s\S]*?^}\n/m, 'let wasm;\n')
  if (/\bimport\b(?!\.meta)|\bexport\b|import\.meta/.test(body.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''))) {
    throw new Error('the glue imports or exports something that a factory cannot')
  }
  // The documentation is in Rust.
  body = body.replaceAll(/^\s*\/\*\*[\s\S]*?\*\/\n|^\s*\/\/.*\n/gm, '')
  return [
    '/* Made by scripts/glue.mjs from the output of wasm-bindgen. */',
    'export function instantiate(link) {',
    body.trim(),
    'wasm = link(__wbg_get_imports());',
    'wasm.__wbindgen_start();',
    `return { ${names.join(', ')} };`,
    '}',
    '',
  ].join('\n')
}

/**
 * Gives imports and exports in a glue the names that they were given in the module (`[module, name, short][]`, `[name, short][]`).
 * Most of them hold a hash, which nothing compresses: 2 % of the package.
 */
export function withShortNames(glue, { imports, exports }) {
  let body = glue
  for (const [module, name, short] of imports) {
    const member = new RegExp(`^(\\s+)"?${name}"?(?=: )`, 'gm')
    if (!member.test(body)) throw new Error(`the glue has no import ${name}`)
    body = body.replace(member, (_, indent) => indent + short).replace(`"${module}": `, 'a: ')
  }
  const names = new Map(exports)
  return body.replaceAll(/\bwasm\.(\w+)/g, (_, name) => {
    if (!names.has(name)) throw new Error(`the module has no export ${name}`)
    return `wasm.${names.get(name)}`
  })
}
