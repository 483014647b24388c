"""What replicas share: adapters of the ports in gateway/sharing.py to stores that exist already."""
