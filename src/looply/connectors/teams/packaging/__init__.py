"""The app package that an administrator of Teams installs: manifest, icons, archive.

Imports `calls`.
Never here: a call of Microsoft; people upload the package.
"""
