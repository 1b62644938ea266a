"""From ACS's file-ready event to a completed recording: ingest, transfer, delete, complete, sweep."""
