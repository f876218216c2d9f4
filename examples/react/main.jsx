// A page that shows an owner's keys and alerts, made of the hooks of `claviger/react`.
import { indexedDbKeystore } from 'claviger'
import { VaultProvider } from 'claviger/react'
import { createRoot } from 'react-dom/client'
import { App } from './app.jsx'

const keystore = indexedDbKeystore()

createRoot(document.getElementById('app')).render(
  <VaultProvider keystore={keystore} keepsReads>
    <App />
  </VaultProvider>,
)
