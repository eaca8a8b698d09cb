// The protocol's public suite, as it is published, against the streams at OUTRUN_STREAMS. Nothing of it is left out.
import { runConformanceTests } from "@durable-streams/server-conformance-tests"

runConformanceTests({ baseUrl: process.env.OUTRUN_STREAMS, subscriptions: true })
