"""The same costs on Azurite and on tables in memory."""

from typing import cast
from uuid import uuid4

from azure.data.tables import TableClient, TableServiceClient

from local.storm.counting_table import Counter, CountingTable
from local.storm.measure import DUE, Storm
from local.storm.past import catalog_in_memory
from shared.adapters.table_catalog import TableCatalog


def in_memory(past: int, waiting: int, due: int = DUE) -> Storm:
    counter = Counter()
    return Storm(catalog_in_memory(counter), counter, past, waiting, due)


def on_azurite(service: TableServiceClient, past: int, waiting: int, due: int = DUE) -> Storm:
    counter = Counter()
    clients = [service.create_table(f"storm{uuid4().hex}") for _ in range(2)]
    tables = (cast("TableClient", CountingTable(client, counter)) for client in clients)
    return Storm(TableCatalog(*tables), counter, past, waiting, due)


def differences(service: TableServiceClient, past: int, waiting: int, due: int = DUE) -> list[str]:
    """Where the costs on Azurite are others than those in memory."""
    real, memory = on_azurite(service, past, waiting, due), in_memory(past, waiting, due)
    there, here = ({"a sweep that counts": one.counting()} | one.costs() | one.filters() for one in (real, memory))
    return [f"{name}: {here[name]} in memory, {there[name]} on Azurite" for name in here if here[name] != there[name]]
