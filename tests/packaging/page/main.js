import { createClient } from 'kube-watchlist'
import { show } from './show.js'

show(createClient)
