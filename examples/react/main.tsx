// A page that shows an owner's keys and alerts, made of the hooks of `claviger/react`.
import { indexedDbKeystore } from 'claviger'
import { VaultProvider } from 'claviger/react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'

const keystore = indexedDbKeystore()

const app = document.getElementById('app')
if (app !== null)
  createRoot(app).render(
    <VaultProvider keystore={keystore} keepsReads>
      <App />
    </VaultProvider>,
  )
