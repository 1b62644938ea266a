#!/usr/bin/env pwsh
# Subscribes the deployed function to ACS's file-ready events; running it again repairs or changes nothing.
# The same steps as postdeploy.sh, for Windows.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false # exit codes are looked at below

function Get-Number([string] $Name, [int] $Default) {
    $value = [Environment]::GetEnvironmentVariable($Name)
    if ($value) { [int] $value } else { $Default }
}

$pollSeconds = Get-Number 'POLL_SECONDS' 10
$functionPolls = Get-Number 'FUNCTION_POLLS' 60 # ten minutes: the list of functions can stay empty that long after a first deployment
$deployTries = Get-Number 'DEPLOY_TRIES' 6 # roles and host keys of a fresh app take minutes to arrive everywhere
$template = Join-Path $PSScriptRoot '../modules/eventgrid-subscription.bicep'

$required = @(
    'AZURE_SUBSCRIPTION_ID', 'AZURE_RESOURCE_GROUP', 'AZURE_FUNCTION_APP_NAME', 'AZURE_FUNCTION_APP_ID',
    'EVENTGRID_SYSTEM_TOPIC_NAME', 'EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP', 'EVENTGRID_FUNCTION_NAME',
    'RUNTIME_STORAGE_ID', 'DEAD_LETTERS_CONTAINER_NAME'
)
$missing = @($required | Where-Object { -not [Environment]::GetEnvironmentVariable($_) })
if ($missing.Count -gt 0) {
    [Console]::Error.WriteLine("postdeploy: not set: $missing. Run 'azd provision' first, or set them by hand.")
    exit 2
}

if (-not (Get-Command az -ErrorAction SilentlyContinue)) {
    [Console]::Error.WriteLine('postdeploy: the Azure CLI (az) is not installed; azd alone cannot do this step.')
    exit 2
}

$script:answer = ''
function Test-FunctionExists {
    $script:answer = az functionapp function show --subscription $env:AZURE_SUBSCRIPTION_ID --resource-group $env:AZURE_RESOURCE_GROUP `
        --name $env:AZURE_FUNCTION_APP_NAME --function-name $env:EVENTGRID_FUNCTION_NAME --output none 2>&1 | Out-String
    return $LASTEXITCODE -eq 0
}

# After a deployment Flex Consumption may not list the functions until their triggers are synchronised. The address
# without a host is at the ARM endpoint of whatever cloud the CLI is in.
function Sync-Triggers {
    $asked = az rest --method post --url "$($env:AZURE_FUNCTION_APP_ID)/host/default/sync?api-version=2024-11-01" `
        --subscription $env:AZURE_SUBSCRIPTION_ID --output none 2>&1 | Out-String
    if ($LASTEXITCODE -ne 0) { $script:answer += $asked }
}

function Test-FunctionListed {
    if (Test-FunctionExists) { return $true }
    Sync-Triggers
    return $false
}

function Add-Subscription {
    # To the host, so that what Azure says is shown and not taken for the function's result.
    az deployment group create --subscription $env:AZURE_SUBSCRIPTION_ID `
        --resource-group $env:EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP --name recorder-event-subscription `
        --template-file $template --output none --parameters `
        "systemTopicName=$env:EVENTGRID_SYSTEM_TOPIC_NAME" `
        "functionAppId=$env:AZURE_FUNCTION_APP_ID" `
        "functionName=$env:EVENTGRID_FUNCTION_NAME" `
        "runtimeStorageId=$env:RUNTIME_STORAGE_ID" `
        "deadLettersName=$env:DEAD_LETTERS_CONTAINER_NAME" | Out-Host
    return $LASTEXITCODE -eq 0
}

function Wait-For([int] $Times, [scriptblock] $Command) {
    for ($i = 1; $i -le $Times; $i++) {
        if (& $Command) { return $true }
        if ($i -lt $Times) { Start-Sleep -Seconds $pollSeconds }
    }
    return $false
}

Write-Host "postdeploy: waiting for the function $env:EVENTGRID_FUNCTION_NAME of $env:AZURE_FUNCTION_APP_NAME"
if (-not (Wait-For $functionPolls { Test-FunctionListed })) {
    [Console]::Error.WriteLine($script:answer)
    [Console]::Error.WriteLine("postdeploy: there is no function $env:EVENTGRID_FUNCTION_NAME. Did the app start, and did you 'az login'?")
    exit 3
}

Write-Host "postdeploy: subscribing it to $env:EVENTGRID_SYSTEM_TOPIC_NAME"
if (-not (Wait-For $deployTries { Add-Subscription })) {
    [Console]::Error.WriteLine('postdeploy: Azure refused the event subscription; what it said is above. Nothing arrives until this succeeds.')
    exit 4
}

# From now on provisioning owns the subscription, so that `azd provision --no-state` repairs drift.
if ((Get-Command azd -ErrorAction SilentlyContinue) -and $env:AZURE_ENV_NAME) {
    azd env set DEPLOY_EVENT_SUBSCRIPTION true --environment $env:AZURE_ENV_NAME
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}
Write-Host 'postdeploy: done'
exit 0
