"""The APIs that clients speak, each a package behind the one interface of surface.py."""
