"""The app package that an administrator of Teams installs: manifest, icons, archive."""
