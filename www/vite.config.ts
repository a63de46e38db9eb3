import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { contentSecurityPolicy } from './policy.mjs'

/** Not in development: Vite's refresh there is an inline script. */
const policy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
      injectTo: 'head-prepend',
    },
  ],
}

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react(), policy],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The first with light-dark(), by which one switch turns all colours.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Inlined files would be data: addresses, which the policy refuses.
    assetsInlineLimit: 0,
  },
  server: {
    host: '127.0.0.1',
    // `API=http://127.0.0.1:PORT npx vite www`: the page from source in front of a running fake API server.
    proxy: process.env.API
      ? Object.fromEntries(
          ['/api', '/apis', '/version', '/_fake', '/_connection'].map((path) => [path, { target: process.env.API }]),
        )
      : {},
  },
})
