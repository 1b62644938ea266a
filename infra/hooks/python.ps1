# python.ps1 HOOK FILE: runs infra/FILE with the Python of .python-version: that of a .venv, or one that is installed.
# The same steps as python.sh, for Windows.
param([string] $Hook, [string] $File)
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$root = (Resolve-Path (Join-Path $PSScriptRoot '..' '..')).Path
$version = (Get-Content (Join-Path $root '.python-version') -TotalCount 1).Trim()
$candidates = @(
  [pscustomobject]@{ Command = (Join-Path $root '.venv' 'Scripts' 'python.exe'); Options = @() }
  [pscustomobject]@{ Command = 'py'; Options = @("-$version") }
  [pscustomobject]@{ Command = "python$version"; Options = @() }
  [pscustomobject]@{ Command = 'python3'; Options = @() }
  [pscustomobject]@{ Command = 'python'; Options = @() }
)
foreach ($candidate in $candidates) {
  $command = $candidate.Command
  $options = $candidate.Options
  if (-not (Get-Command $command -ErrorAction SilentlyContinue)) { continue }
  & $command @options -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>$null
  if ($LASTEXITCODE -ne 0) { continue }
  & $command @options (Join-Path $root 'infra' $File)
  exit $LASTEXITCODE
}
[Console]::Error.WriteLine("${Hook}: Python $version was not found; install it from python.org or with winget.")
exit 2
