"""The contract of stores, in parts: what each promises, and the samples that show it. `suite` puts them together."""
