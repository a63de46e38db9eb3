// A user who is known by a certificate, before a server that proves itself by one.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '../../scripts/lib/run.mjs'
import { send, serve } from './upstream.mjs'

const made = {}
let folder

/** A key, and a certificate of its own: PEM texts. */
async function certificate(name, ...more) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  await run('openssl', ['req', ...kind, '-subj', `/CN=${name}`, '-keyout', key, '-out', cert, ...more])
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kube-watchlist-certificates-'))
  made.server = await certificate('server', '-addext', 'subjectAltName=IP:127.0.0.1')
  made.jane = await certificate('jane')
  made.stranger = await certificate('stranger')
})
after(() => rm(folder, { recursive: true, force: true }))

const base64 = (text) => Buffer.from(text).toString('base64')

/** The proxy of `who` before a server that knows jane. `ca`: by what it is told to know the server. */
function open(t, who, ca = made.server.cert) {
  const listener = (request, response) => response.end(request.socket.getPeerCertificate().subject?.CN)
  return serve(t, listener, {
    tls: { ...made.server, ca: made.jane.cert, requestCert: true },
    cluster: { 'certificate-authority-data': base64(ca) },
    user: { 'client-certificate-data': base64(who.cert), 'client-key-data': base64(who.key) },
  })
}

test('a client certificate says who asks', async (t) => {
  const { proxy } = await open(t, made.jane)
  const { status, body } = await send(proxy.url, { path: '/api/v1/pods' })
  assert.deepEqual({ status, body }, { status: 200, body: 'jane' })
})

test('one that the server does not know gets no answer, and no word about the key', async (t) => {
  const { proxy, asked } = await open(t, made.stranger)
  const { status, body } = await send(proxy.url, { path: '/api/v1/pods' })
  assert.equal(status, 502)
  assert.ok(!/PRIVATE KEY|CERTIFICATE|stranger/.test(body), body)
  assert.deepEqual(asked, [])
})

test('a server that another authority vouches for is not asked', async (t) => {
  const { proxy, asked } = await open(t, made.jane, made.stranger.cert)
  assert.equal((await send(proxy.url, { path: '/api/v1/pods' })).status, 502)
  assert.deepEqual(asked, [])
})
