"""One content from ACS to Blob Storage: constant memory, every byte hashed, resumable, never overwriting."""
