"""The connector of Microsoft Teams: connections of kind `teams`, by which a bot brings cards to people.

It has no operations: cards are brought by the channel. Every process loads this module, so it imports neither what
verifies activities, nor the cards, nor the packaging.
"""

from looply.connectors.port import ConnectionKind, Connector
from looply.connectors.teams.calls.settings import (
    TeamsConnectionSecrets,
    TeamsConnectionSettings,
    binding,
    connection_problems,
    secret_names,
    target,
)
from looply.connectors.teams.checks import check_connection

CONNECTOR = Connector(
    name="teams",
    title="Microsoft Teams",
    operations=(),
    connection_kinds=(
        ConnectionKind(
            name="teams",
            title="Microsoft Teams",
            settings=TeamsConnectionSettings,
            secrets=TeamsConnectionSecrets,
            check=connection_problems,
            required_secrets=secret_names,
            binding=binding,
            target=target,
            test=check_connection,
        ),
    ),
)
