"""What Microsoft's own parts did, as facts that the local host is held to.

Recorded on 2026-11-25 with programs around the NuGet packages: `Microsoft.Azure.WebJobs` 3.0.48 with
`Extensions.Storage.Queues` 5.3.10 and `Extensions.EventGrid` 3.3.0, the queues in Azurite and every request to them
logged; and the `WebJobsRouter` of `Extensions.Http` 3.2.0 under Kestrel (.NET 10), asked with raw request lines. In
these runs the functions were .NET's: what the Functions host and the Python worker add was not part of them.
"""
