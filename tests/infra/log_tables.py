"""The tables of a Log Analytics workspace that our queries read: each column with its type.

As Microsoft's reference has them, https://learn.microsoft.com/azure/azure-monitor/reference/tables/NAME (2025), but for
the columns that it calls deprecated: a query that needs another table or column takes it from there.
"""

from __future__ import annotations

# On every table.
COMMON = (
    "TimeGenerated: datetime, Type: string, SourceSystem: string, "
    "_ResourceId: string, _SubscriptionId: string, _BilledSize: real, _IsBillable: string"
)
# On every table of Application Insights.
TELEMETRY = (
    "TenantId: string, AppRoleInstance: string, AppRoleName: string, AppVersion: string, ClientBrowser: string, "
    "ClientCity: string, ClientCountryOrRegion: string, ClientIP: string, ClientModel: string, ClientOS: string, "
    "ClientStateOrProvince: string, ClientType: string, IKey: string, ItemCount: int, Measurements: dynamic, "
    "OperationId: string, OperationName: string, ParentId: string, Properties: dynamic, ReferencedItemId: string, "
    "ReferencedType: string, ResourceGUID: string, SDKVersion: string, SessionId: string, SyntheticSource: string, "
    "UserAccountId: string, UserAuthenticatedId: string, UserId: string"
)
TABLES = {
    "AppTraces": f"{COMMON}, {TELEMETRY}, Message: string, SeverityLevel: int",
    "AppRequests": (
        f"{COMMON}, {TELEMETRY}, DurationMs: real, Id: string, Name: string, ResultCode: string, Source: string, "
        "Success: bool, Url: string"
    ),
    "AzureMetrics": (
        f"{COMMON}, Average: real, Count: real, Maximum: real, MetricName: string, Minimum: real, Resource: string, "
        "ResourceGroup: string, ResourceId: string, ResourceProvider: string, SubscriptionId: string, "
        "TimeGrain: string, Total: real, UnitName: string"
    ),
    "StorageBlobLogs": (
        f"{COMMON}, AccountName: string, AuthenticationType: string, CallerIpAddress: string, Category: string, "
        "DurationMs: real, ObjectKey: string, OperationName: string, RequesterObjectId: string, StatusCode: string, "
        "StatusText: string, Uri: string, UserAgentHeader: string"
    ),
    "AegDeliveryFailureLogs": (
        f"{COMMON}, Category: string, EventSubscriptionName: string, Message: string, OperationName: string, "
        "SubResourceName: string, TenantId: string"
    ),
}
