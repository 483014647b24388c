"""What replicas share: adapters of the ports in gateway/sharing.py to stores that exist already.

What the processes of one machine share is a file that they map: common_file.py, common_quotas.py.
"""
