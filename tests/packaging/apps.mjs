/**
 * The apps that the package is proven in. A further bundler is a folder in `apps/` and a line here.
 *
 * - `folder`: its files, over those of `page/`; with a `package.json` its packages are installed;
 * - `build`: what builds it, a script of its packages with arguments;
 * - `output`: the folder with what was built, which is served unless `start` serves it;
 * - `start`: a server of its own, that says where it listens;
 * - `wasm`: how many wasm files are in the output;
 * - `headers`: sent with every file;
 * - `answer`: what a request for the module is answered instead (see `lib/site.mjs`);
 * - `files`: written over those of its folder.
 */
const vite = 'vite/bin/vite.js'
const listen = ['--host', '127.0.0.1', '--port', '0']

/** What a page needs to allow, and no more. */
export const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

export const apps = [
  // First, since it takes as long as most others together.
  {
    name: 'Next 16',
    folder: 'next-16',
    build: ['next/dist/bin/next', 'build'],
    start: ['next/dist/bin/next', 'start', '--hostname', '127.0.0.1', '--port', '0'],
    output: '.next/static',
    wasm: 1,
  },
  { name: 'Vite 7, build', folder: 'vite-7', build: [vite, 'build'], output: 'dist', wasm: 1 },
  { name: 'Vite 7, dev', folder: 'vite-7', start: [vite, ...listen] },
  { name: 'Vite 8, build', folder: 'vite-8', build: [vite, 'build'], output: 'dist', wasm: 1 },
  { name: 'Vite 8, dev', folder: 'vite-8', start: [vite, ...listen] },
  {
    name: 'webpack 5',
    folder: 'webpack-5',
    build: ['webpack-cli/bin/cli.js', '--mode', 'production', '--entry', './main.js'],
    output: 'dist',
    wasm: 1,
  },
  {
    name: 'Rollup, inline',
    folder: 'rollup',
    build: ['rollup/dist/bin/rollup', 'main.js', '--plugin', 'node-resolve', '--dir', 'dist'],
    output: 'dist',
    wasm: 0,
  },
  {
    name: 'esbuild, inline',
    folder: 'esbuild',
    build: ['esbuild/bin/esbuild', 'main.js', '--bundle', '--format=esm', '--outdir=dist'],
    output: 'dist',
    wasm: 0,
  },
  { name: 'a static page', folder: 'static', output: '.', wasm: 1 },
  {
    name: 'a static page with a strict policy',
    folder: 'static',
    output: '.',
    wasm: 1,
    headers: { 'content-security-policy': STRICT },
  },
]
