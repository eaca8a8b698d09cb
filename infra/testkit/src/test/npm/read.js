// Reads a JSON stream with the protocol's public client until it is closed (or, with "false", as far as it is), and writes
// what it has read, a message on each line: read.js URL false|long-poll|sse
import { stream } from "@durable-streams/client"

const [url, live] = process.argv.slice(2)
const response = await stream({ url, offset: "-1", json: true, live: live === "false" ? false : live })
for await (const message of response.jsonStream()) {
    console.log(JSON.stringify(message))
}
