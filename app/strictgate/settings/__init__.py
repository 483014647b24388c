"""The configuration: what its tables hold, top down.

loading      the whole tree, from a TOML file and variables
upstreams    [upstreams.NAME] and [models.NAME]
tables       every other table
fields       kinds of fields that tables share
"""
