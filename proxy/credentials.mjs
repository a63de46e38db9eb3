// Who the proxy is to the cluster: read by @kubernetes/client-node, which knows exec plugins, client certificates,
// token files and their renewal.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { KubeConfig } from '@kubernetes/client-node'

/**
 * How the cluster is named: by a context of a kubeconfig, or by an address with a file that holds a token.
 *
 * @typedef {object} Target
 * @property {string} [kubeconfig]
 * @property {string} [context]
 * @property {string} [server]
 * @property {string} [tokenFile]
 * @property {string} [caFile]
 * @property {boolean} [insecureSkipTlsVerify]
 */

/** Something that the person at the terminal can mend; its message has no secret in it. */
export class CredentialsError extends Error {
  /** @param {string} message @param {ErrorOptions} [options] */
  constructor(message, options) {
    super(message, options)
    this.name = 'CredentialsError'
  }
}

export class Credentials {
  #target
  /** @type {KubeConfig} */
  #config
  /** @type {Map<string, https.Agent>} */
  #agents = new Map()

  /** @param {Target} target */
  constructor(target) {
    this.#target = target
    this.#config = load(target)
  }

  get context() {
    return this.#config.getCurrentContext()
  }

  get user() {
    return this.#config.getCurrentUser()?.name ?? 'nobody'
  }

  /** The address of the API server; it may have a path. */
  get server() {
    return new URL(this.#config.getCurrentCluster()?.server ?? '')
  }

  /** Reads everything anew: a token was renewed on disk, or a cached one expired early. */
  refresh() {
    this.#config = load(this.#target)
  }

  /**
   * What a request to the API server needs: an agent that knows the certificates, and headers that say who asks.
   *
   * @returns {Promise<{ agent: http.Agent, headers: Record<string, string> }>}
   */
  async get() {
    /** @type {https.RequestOptions} */
    const options = {}
    try {
      await this.#config.applyToHTTPSOptions(options)
    } catch (error) {
      // Not the error's own text: where a plugin printed no JSON, it quotes what was printed, which may be a token.
      throw new CredentialsError(`the credentials of ${this.user} could not be read`, { cause: error })
    }
    /** @type {Record<string, string>} */
    const headers = { ...options.headers }
    if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
    return { agent: this.#agent(options), headers }
  }

  close() {
    for (const agent of this.#agents.values()) agent.destroy()
  }

  /** One agent for each set of certificates, so that connections are used again. */
  #agent(options) {
    if (this.#config.getCurrentCluster()?.proxyUrl) return options.agent
    if (this.server.protocol === 'http:') return http.globalAgent
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options
    const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized }
    const name = createHash('sha256').update(JSON.stringify(tls)).digest('base64')
    let agent = this.#agents.get(name)
    if (agent === undefined) {
      agent = new https.Agent({ ...tls, keepAlive: true })
      this.#agents.set(name, agent)
    }
    return agent
  }
}

/** @param {Target} target */
function load(target) {
  const config = new KubeConfig()
  if (target.server) {
    loadAddress(config, target)
  } else {
    loadFile(config, target)
  }
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new CredentialsError(`the context ${config.getCurrentContext()} names no cluster`)
  const address = URL.canParse(cluster.server) ? new URL(cluster.server) : undefined
  if (address?.protocol !== 'https:' && address?.protocol !== 'http:') {
    throw new CredentialsError(`the cluster ${cluster.name} has no http or https address`)
  }
  if (address.protocol === 'http:') {
    if (!['127.0.0.1', '[::1]', 'localhost'].includes(address.hostname)) {
      throw new CredentialsError(`${address.host} is plain http: credentials would go over the network in the clear`)
    }
    // The library refuses plain http where certificates are to be verified; on loopback there are none.
    config.clusters = config.clusters.map((other) => (other === cluster ? { ...other, skipTLSVerify: true } : other))
  }
  return config
}

/** @param {KubeConfig} config @param {Target} target */
function loadAddress(config, { server, tokenFile, caFile, insecureSkipTlsVerify = false }) {
  if (!URL.canParse(server ?? '')) throw new CredentialsError(`${server} is no address`)
  for (const file of [tokenFile, caFile]) {
    if (file !== undefined && !existsSync(file)) throw new CredentialsError(`there is no file ${file}`)
  }
  const name = new URL(server ?? '').host
  const authProvider = tokenFile === undefined ? undefined : { name: 'tokenFile', config: { tokenFile } }
  config.loadFromOptions({
    clusters: [{ name, server, caFile, skipTLSVerify: insecureSkipTlsVerify }],
    users: [{ name: tokenFile === undefined ? 'anonymous' : 'token', authProvider }],
    contexts: [{ name, cluster: name, user: tokenFile === undefined ? 'anonymous' : 'token' }],
    currentContext: name,
  })
}

/** @param {KubeConfig} config @param {Target} target */
function loadFile(config, { kubeconfig, context }) {
  if (kubeconfig === undefined) {
    config.loadFromDefault()
  } else {
    if (!existsSync(kubeconfig)) throw new CredentialsError(`there is no file ${kubeconfig}`)
    config.loadFromFile(kubeconfig)
  }
  if (context !== undefined) config.setCurrentContext(context)
  if (!config.getContextObject(config.getCurrentContext())) {
    const known = config.getContexts().map((each) => each.name)
    throw new CredentialsError(
      `there is no context ${config.getCurrentContext() || '(none is current)'}; there are: ${known.join(', ') || 'none'}`,
    )
  }
}
