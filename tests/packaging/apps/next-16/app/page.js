import { Pods } from './pods.js'

export default function Page() {
  return <Pods />
}
