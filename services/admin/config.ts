import Type from 'typebox'
import {
  authVariables,
  groupVariables,
  kafkaVariables,
  keyRingVariables,
  registryVariables,
  serviceVariables,
  targetVariables,
} from '../platform/variables.ts'

export const adminConfig = Type.Object({
  ...serviceVariables(8080),
  ...kafkaVariables,
  ...groupVariables,
  ...registryVariables,
  ...authVariables,
  ...keyRingVariables,
  ...targetVariables,
})
