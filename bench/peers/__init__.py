"""Other durable engines in the same scenario, where they are installed; `bench/README.md` says how to install them."""
