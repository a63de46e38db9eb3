'use client'

import { createClient } from 'kube-watchlist'
import { useEffect, useState } from 'react'

export function Pods() {
  const [status, setStatus] = useState()
  const [{ columns, rows }, setSnapshot] = useState({ columns: [], rows: [] })
  useEffect(() => {
    const client = createClient({ baseUrl: '/k8s' })
    const pods = client.watchTable({ version: 'v1', resource: 'pods' })
    const view = pods.view({ columns: 'wide', sort: [{ column: 'Name' }] })
    view.setWindow(0, 100)
    pods.addEventListener('status', () => setStatus(pods.status))
    view.subscribe(() => setSnapshot(view.getSnapshot()))
    return () => client.close()
  }, [])
  return (
    <>
      <p id="phase">{status?.error === undefined ? status?.phase : `${status.phase}: ${status.error.message}`}</p>
      <table>
        <thead>
          <tr>
            {columns.map(({ name }) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row?.key}>
              {row?.cells.map((cell, index) => (
                <td key={columns[index].name}>{String(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
