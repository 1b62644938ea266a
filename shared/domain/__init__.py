"""What the app knows: values, rules, errors, and the ports through which it asks for the rest. Imports only itself.

A value is a frozen `msgspec.Struct`, here and in every other folder; a dataclass is a use case with
its ports, or what changes while it lives.
Fields are documented under `Attributes:` in the class docstring, members of an enum beside them.
"""
