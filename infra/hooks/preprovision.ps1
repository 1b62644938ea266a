#!/usr/bin/env pwsh
# Says what would make a provision fail late, before it begins.
& (Join-Path $PSScriptRoot 'python.ps1') preprovision preflight.py
exit $LASTEXITCODE
