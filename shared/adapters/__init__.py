"""The only importers of Azure's SDKs: each adapter stands behind a port of the domain."""
