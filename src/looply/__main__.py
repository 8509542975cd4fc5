"""`python -m looply` is the same as `looply`."""

from looply.cli import main

raise SystemExit(main())
