// What Microsoft's own language service says about queries: `node kql.cjs PACKAGE`, with {"tables", "queries"} as JSON on
// standard input: tables maps a name to its columns ("A: string, B: int"), queries a name to KQL. Answers {name: [complaint]}.
'use strict'
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { runInThisContext } = require('node:vm')

// Made for browsers: scripts that define globals, the runtime before what needs it.
for (const script of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  const path = join(process.argv[2], script)
  runInThisContext(readFileSync(path, 'utf8'), { filename: path })
}
const { GlobalState, KustoCode, Symbols } = Kusto.Language
const { tables, queries } = JSON.parse(readFileSync(0, 'utf8'))

const known = Object.entries(tables).map(([name, columns]) => new Symbols.TableSymbol.$ctor7(name, `(${columns})`, null))
const workspace = new Symbols.DatabaseSymbol.ctor('workspace', known)
const globals = GlobalState.Default.WithDatabase(workspace)

function complaints(query) {
  const found = Bridge.toArray(KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics())
  return found.map((one) => `${one.Severity}: ${one.Message} [${query.substr(one.Start, one.Length)}]`)
}

const answers = Object.entries(queries).map(([name, query]) => [name, complaints(query)])
process.stdout.write(JSON.stringify(Object.fromEntries(answers)))
