#!/usr/bin/env pwsh
# Builds the package, before azd uploads it.
& (Join-Path $PSScriptRoot 'python.ps1') prepackage package.py
exit $LASTEXITCODE
