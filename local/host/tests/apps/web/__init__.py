"""A sample app for the tests; a package only so that its module name is unique to the type checker."""
