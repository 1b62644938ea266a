"""What the catalog costs among few and among many past recordings, counted on tables in memory: `make storm`."""
