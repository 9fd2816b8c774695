import { createTheme, MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { onlineManager, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useState } from 'react'
import { BrowserRouter } from 'react-router'
import { isPassing, isUnserved } from './api/problem.ts'
import { SessionProvider } from './api/session.tsx'
import { Pages } from './pages.tsx'

/**
 * Mantine would add style tags at run time (variables, global classes, scroll lock). They are switched off, because the policy
 * `style-src 'self'` allows only its CSS files.
 */
const theme = createTheme({
  components: {
    // By name, not by Modal.extend(): the first page shows neither and should not load them.
    Modal: { defaultProps: { lockScroll: false } },
    Drawer: { defaultProps: { lockScroll: false } },
    // The help stands below the input, so that inputs side by side are level.
    InputWrapper: { defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] } },
  },
})

const longestRetries = 2
const againMs = 5_000

export function App() {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          // The library would keep what is clicked without a network, and carry it out later, unseen.
          mutations: { networkMode: 'always' },
          queries: {
            networkMode: 'always',
            refetchOnReconnect: true,
            // The server announces changes (api/changes.ts), so cached data is shown at once.
            staleTime: 15_000,
            retry: (failures, error) => onlineManager.isOnline() && isPassing(error) && failures < longestRetries,
            // A query that failed because no server answered is read again until one does.
            refetchInterval: ({ state }) => (isUnserved(state.error) ? againMs : false),
            refetchOnWindowFocus: false,
          },
        },
      }),
  )
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <SessionProvider>
          <Notifications position="bottom-center" />
          <BrowserRouter>
            <Pages />
          </BrowserRouter>
        </SessionProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}
