import { expect, test } from 'vitest'
import { type ParsedOptions, parseOptions } from '../../../../../deploy/local/start/demo-options.ts'

const nothing = { once: false, demo: true, conversationsFile: undefined }

test.each<{ args: string[]; is: ParsedOptions }>([
  { args: [], is: { kind: 'start', options: nothing } },
  { args: ['--once'], is: { kind: 'start', options: { ...nothing, once: true } } },
  { args: ['--no-demo'], is: { kind: 'start', options: { ...nothing, demo: false } } },
  {
    args: ['--once', '--conversations', 'a.jsonl'],
    is: { kind: 'start', options: { once: true, demo: true, conversationsFile: 'a.jsonl' } },
  },
  { args: ['--once', '--help'], is: { kind: 'help' } },
  {
    args: ['--once', '--no-demo'],
    is: { kind: 'wrong', why: '--once needs sample traffic, which --no-demo leaves out' },
  },
  {
    args: ['--no-demo', '--conversations=a'],
    is: { kind: 'wrong', why: '--conversations and --no-demo exclude each other' },
  },
])('the arguments $args become their options', ({ args, is }) => {
  expect(parseOptions(args)).toEqual(is)
})

test.each([['--twice'], ['file.jsonl'], ['--conversations']])('the argument %s is refused', (...args) => {
  expect(parseOptions(args).kind).toBe('wrong')
})
