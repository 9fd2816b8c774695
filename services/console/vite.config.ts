import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))
const folder = join(root, 'dist')
/** Minimum size of a file to compress; a smaller one fits into one packet. */
const worthwhileBytes = 1_000

/** Writes a .br and a .gz beside each file, compressed once at full strength instead of on each request. */
function precompressed(): Plugin {
  return {
    name: 'precompressed',
    apply: 'build',
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|html|svg|json)$/.test(name)) continue
        const bytes = readFileSync(join(folder, name))
        if (bytes.length < worthwhileBytes) continue
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
        const params = { [zlib.BROTLI_PARAM_QUALITY]: 11, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length }
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }))
      }
    },
  }
}

export default defineConfig({
  root,
  plugins: [react(), precompressed()],
  build: {
    outDir: folder,
    emptyOutDir: true,
    target: 'es2022',
    // Never data: URLs: the page's policy allows its own origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Groups the first page's modules into a few files, to save requests.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'early',
              priority: 1,
              test: /vite\/preload-helper|console\/src\/(stored|early\/early-answers|api\/(build-url|generated)|i18n\/(texts|languages)|pages\/(webhook\/page-path|webhook-list\/(find|list-address))|parts\/states\/state-tones)|definition-values/,
            },
            {
              name: 'libraries',
              test: /node_modules\/(react|react-dom|scheduler|react-router|i18next|react-i18next|@tanstack)\//,
            },
            {
              name: 'components',
              test: /node_modules\/(@floating-ui|clsx|@mantine\/(hooks|store|notifications|core\/esm\/(core|utils|components\/(Menu|Popover|ActionIcon|Anchor|Alert|Badge|Button|Group|Input|InputBase|Loader|NativeSelect|Portal|Skeleton|Stack|Text|TextInput|Title|Transition|UnstyledButton|FocusTrap|CloseButton|VisuallyHidden|Paper|Overlay|Notification)\/)))/,
            },
            {
              name: 'shared',
              test: /console\/src\/(api|format|layout\/language|parts\/(page|states|texts\/(problem|told)))/,
            },
          ],
        },
      },
    },
  },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
  // Development beside a running stack: CONSOLE_API=<adminUrl> npx vite services/console
  server: { proxy: { '/api': { target: process.env.CONSOLE_API ?? 'http://127.0.0.1:8080' } } },
})
