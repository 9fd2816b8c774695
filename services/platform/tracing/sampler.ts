import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'

/** The sampler of OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, by the names of the specification. */
export function createSampler(env: NodeJS.ProcessEnv): Sampler {
  const name = env.OTEL_TRACES_SAMPLER ?? ''
  const root = rootSampler(name.replace('parentbased_', ''), env.OTEL_TRACES_SAMPLER_ARG)
  return name === '' || name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

function rootSampler(name: string, argument: string | undefined): Sampler {
  switch (name) {
    case 'always_off':
      return new AlwaysOffSampler()
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(parseRatio(argument))
    default:
      return new AlwaysOnSampler()
  }
}

/** 1 if it is not a number from 0 to 1, as the specification says. */
function parseRatio(argument: string | undefined): number {
  const ratio = argument ? Number(argument) : 1
  return ratio >= 0 && ratio <= 1 ? ratio : 1
}
