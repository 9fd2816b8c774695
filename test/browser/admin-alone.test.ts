// Tests of the console that need no service but admin. They share a stack, because starting one takes longer than most of
// them. Each leaves the webhook "Orders" as it was.

import './getting-about.ts'
import './interruptions.ts'
import './trust.ts'
