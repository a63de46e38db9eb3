import { createClient } from 'kube-watchlist/inline'
import { show } from './show.js'

show(createClient)
