"""The providers by which people sign in to this installation."""

from collections.abc import Sequence

from looply.app.openid.flow import SignInFailed
from looply.app.openid.provider import Provider
from looply.clock import Clock, Entropy, SystemEntropy
from looply.connectors.client import HttpClient
from looply.setting_values.sign_in_providers import ProviderSettings

_SECRET_BYTES = 32


class Providers:
    """The providers by their ids. `entropy` makes the secrets of sign-ins."""

    def __init__(self, providers: Sequence[Provider] = (), entropy: Entropy | None = None) -> None:
        self._by_id = {provider.settings.id: provider for provider in providers}
        self._entropy = entropy or SystemEntropy()

    def get(self, provider_id: str) -> Provider:
        """Returns a provider. Raises: SignInFailed (code `UNKNOWN_PROVIDER`)."""
        if (found := self._by_id.get(provider_id)) is None:
            raise SignInFailed("UNKNOWN_PROVIDER", f"no provider has the id {provider_id[:50]!r}")
        return found

    def new_secret(self) -> str:
        """Returns the secret of a new sign-in."""
        return self._entropy.token(_SECRET_BYTES).hex()


def build_providers(
    settings: Sequence[ProviderSettings], client: HttpClient, clock: Clock, entropy: Entropy
) -> Providers:
    """Returns the providers of the settings. `client` must be permitted to reach their hosts."""
    return Providers([Provider(each, client, clock) for each in settings], entropy)
