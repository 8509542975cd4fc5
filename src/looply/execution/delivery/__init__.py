"""Whether copies of cards reach their recipients: the reports of channels, and other channels in their place."""
