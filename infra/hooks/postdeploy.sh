#!/bin/sh
# Subscribes the deployed function to ACS's file-ready events; running it again repairs or changes nothing.
# azd runs it after every deployment of code. After `func azure functionapp publish` run it by hand (docs/deploy.md).
set -eu

POLL_SECONDS=${POLL_SECONDS:-10}
FUNCTION_POLLS=${FUNCTION_POLLS:-60} # ten minutes: the list of functions can stay empty that long after a first deployment
DEPLOY_TRIES=${DEPLOY_TRIES:-6}      # roles and host keys of a fresh app take minutes to arrive everywhere

template=$(dirname "$0")/../modules/eventgrid-subscription.bicep

missing=''
for name in AZURE_SUBSCRIPTION_ID AZURE_RESOURCE_GROUP AZURE_FUNCTION_APP_NAME AZURE_FUNCTION_APP_ID \
  EVENTGRID_SYSTEM_TOPIC_NAME EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP EVENTGRID_FUNCTION_NAME \
  RUNTIME_STORAGE_ID DEAD_LETTERS_CONTAINER_NAME; do
  eval "value=\${$name:-}"
  [ -n "$value" ] || missing="$missing $name"
done
if [ -n "$missing" ]; then
  echo "postdeploy: not set:$missing. Run 'azd provision' first, or export them by hand." >&2
  exit 2
fi

if ! command -v az >/dev/null 2>&1; then
  echo "postdeploy: the Azure CLI (az) is not installed; azd alone cannot do this step." >&2
  exit 2
fi

answer=''
function_exists() {
  answer=$(az functionapp function show --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
    --name "$AZURE_FUNCTION_APP_NAME" --function-name "$EVENTGRID_FUNCTION_NAME" --output none 2>&1)
}

# After a deployment Flex Consumption may not list the functions until their triggers are synchronised. The address
# without a host is at the ARM endpoint of whatever cloud the CLI is in.
synchronise_triggers() {
  asked=$(az rest --method post --url "$AZURE_FUNCTION_APP_ID/host/default/sync?api-version=2024-11-01" \
    --subscription "$AZURE_SUBSCRIPTION_ID" --output none 2>&1) || answer="$answer
$asked"
}

function_is_listed() {
  function_exists && return
  synchronise_triggers
  return 1
}

subscribe() {
  az deployment group create --subscription "$AZURE_SUBSCRIPTION_ID" \
    --resource-group "$EVENTGRID_SYSTEM_TOPIC_RESOURCE_GROUP" --name recorder-event-subscription \
    --template-file "$template" --output none --parameters \
    systemTopicName="$EVENTGRID_SYSTEM_TOPIC_NAME" \
    functionAppId="$AZURE_FUNCTION_APP_ID" \
    functionName="$EVENTGRID_FUNCTION_NAME" \
    runtimeStorageId="$RUNTIME_STORAGE_ID" \
    deadLettersName="$DEAD_LETTERS_CONTAINER_NAME"
}

# try TIMES COMMAND: run it until it succeeds, at most so often, with a pause in between.
try() {
  left=$1
  shift
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep "$POLL_SECONDS"
  done
}

echo "postdeploy: waiting for the function $EVENTGRID_FUNCTION_NAME of $AZURE_FUNCTION_APP_NAME"
if ! try "$FUNCTION_POLLS" function_is_listed; then
  echo "$answer" >&2
  echo "postdeploy: there is no function $EVENTGRID_FUNCTION_NAME. Did the app start, and did you 'az login'?" >&2
  exit 3
fi

echo "postdeploy: subscribing it to $EVENTGRID_SYSTEM_TOPIC_NAME"
if ! try "$DEPLOY_TRIES" subscribe; then
  echo "postdeploy: Azure refused the event subscription; what it said is above. Nothing arrives until this succeeds." >&2
  exit 4
fi

# From now on provisioning owns the subscription, so that `azd provision --no-state` repairs drift.
if command -v azd >/dev/null 2>&1 && [ -n "${AZURE_ENV_NAME:-}" ]; then
  azd env set DEPLOY_EVENT_SUBSCRIPTION true --environment "$AZURE_ENV_NAME"
fi
echo "postdeploy: done"
