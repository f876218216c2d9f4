import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  server: { port: 5001, host: 'localhost' },
  // In this checkout `claviger` is its sources; in a project of your own leave this out.
  resolve: { conditions: ['claviger:source', ...defaultClientConditions] },
})
