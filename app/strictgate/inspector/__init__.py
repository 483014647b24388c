"""The inspector: what was said in each request, kept for a while and shown on a page of its own.

recorder     takes records and events in; the ring of entries
entries      one request as it is kept, and its row in the list
packing      a request as it is noted, and as one piece of memory for a file
details      one request as it is shown: attempts, painted texts, schema
saved        a request as a test that can be run again; HAR and JSON Lines
models       what the ring says of each model, beside what was learned
access       who may look
routes       the page and its API, over HTTP
page/        HTML, CSS and ES modules, as they are served
"""
