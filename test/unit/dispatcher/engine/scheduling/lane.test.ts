import { expect, test } from 'vitest'
import { changeState, type LaneState } from '../../../../../services/dispatcher/engine/scheduling/lane.ts'

const states: LaneState[] = ['idle', 'ready', 'running', 'waitingForRetry']
const allowed = [
  'idle ready',
  'ready running',
  'ready idle',
  'running ready',
  'running waitingForRetry',
  'running idle',
  'waitingForRetry ready',
  'waitingForRetry idle',
]

test.each(states.flatMap((from) => states.map((to) => [from, to] as const)))(
  'a lane that is %s becomes %s only if the table of transitions says so',
  (state, to) => {
    const lane = { contactId: 'ana', state }
    if (allowed.includes(`${state} ${to}`)) changeState(lane, to)
    else expect(() => changeState(lane, to)).toThrow(`lane ana went from ${state} to ${to}`)
    expect(lane.state).toBe(allowed.includes(`${state} ${to}`) ? to : state)
  },
)
