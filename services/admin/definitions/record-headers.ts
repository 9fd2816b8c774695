/** Kafka header of a completed record: offset of the record whose place it takes. */
export const completesHeader = 'hookline-completes'

/** Kafka header of a config record: who has asked admin for the change. */
export const subjectHeader = 'hookline-subject'
