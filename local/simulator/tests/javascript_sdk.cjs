// Microsoft's JavaScript SDK, driven by lines: `node javascript_sdk.cjs PACKAGE CONNECTION_STRING`. A call of it is a line on
// standard input, ["start", {...}]; its answer a line on standard output, {"result"} or {"error"}, before the next is read.
'use strict'
const { createWriteStream } = require('node:fs')
const { createInterface } = require('node:readline')
const { pipeline } = require('node:stream/promises')

const { CallAutomationClient } = require(process.argv[2])
// Without retries a test sees every answer.
const client = new CallAutomationClient(process.argv[3], { retryOptions: { maxRetries: 0 } })
const recording = client.getCallRecording()

// Streams cannot stand in a line: these take a path.
const streamed = {
  downloadToStream: (url, path, options) => recording.downloadToStream(url, createWriteStream(path), options),
  downloadStreaming: async (url, path, options) =>
    pipeline(await recording.downloadStreaming(url, options), createWriteStream(path)),
}

async function answer([operation, ...given]) {
  try {
    const called = streamed[operation] ?? recording[operation].bind(recording)
    return { result: (await called(...given)) ?? null }
  } catch (error) {
    const { message, statusCode, status, code } = error
    return { error: { message, status: statusCode ?? status, code, thrown: error instanceof Error ? error.name : typeof error } }
  }
}

async function main() {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
  }
}

main()
