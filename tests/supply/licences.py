"""The licences that a package may have here, and why."""

DEPLOYED = {
    "MIT": "permissive",
    "MIT-0": "permissive",
    "BSD-2-Clause": "permissive",
    "BSD-3-Clause": "permissive",
    "BSD License": "permissive: two clauses or three, the package does not say which; both are allowed",
    "Apache-2.0": "permissive, with a grant of patents",
    "Apache-2.0 OR BSD-3-Clause": "a choice of two that are allowed",
    "Zlib": "permissive",
    "PSF-2.0": "permissive: Python's own",
    "MPL-2.0": "copyleft file by file: unchanged files of a package may stand beside ours (certifi's certificates)",
}
"""What is delivered to operators."""

DEVELOPED = {
    "Apache-2.0 OR BSD-2-Clause": "a choice of two that are allowed",
    "MIT OR Apache-2.0": "a choice of two that are allowed",
    "MIT AND PSF-2.0": "two that are allowed",
    "ISC": "permissive",
    "0BSD": "permissive, with no condition at all",
    "BlueOak-1.0.0": "permissive",
}
"""What runs on a developer's machine or in CI only, on top."""

ALLOWED = DEPLOYED | DEVELOPED
EXCEPTIONS = {
    "atheris": "its LICENSE file is Apache-2.0, and each of its files says so; its metadata have no name",
    "uri-templates": "its address of a licence is that of tv4's: public domain, or MIT; npm's metadata have no name",
}
"""Packages of development whose metadata name no licence: what was read instead."""
