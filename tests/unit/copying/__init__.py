"""Copying one content on the fakes: the copy itself, a blob that is there already, block ids, content checks."""
