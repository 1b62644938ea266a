"""A local Azure Functions host: runs any Python v2 app through Microsoft's own worker library, without `func`.

Indexing, conversion and invocation are the real thing (`azure-functions-runtime`). What stands around it here
follows the .NET host and its extensions: HTTP routes and keys, the Event Grid webhook, queue polling with poison
queues, timers, queue outputs. Bindings of other kinds are refused at start.

Not here: scaling and its throttles, EasyAuth, slots, extension bundles, HTTP streaming, SDK-type bindings, binding
expressions other than `%SETTING%`, more than one worker process, locks that keep a timer to one host of many.

Different on purpose: host and worker share one process, so a function that runs into `functionTimeout` ends both
(exit code 4) and whoever started them starts them again; misspelt keys of host.json and overlapping routes keep the
app from starting, where Azure says nothing; times that Azure hard-codes are options (`options.py`).

`python -m local.host --app DIR` runs it; `client.HostProcess` does so for a program.
"""
