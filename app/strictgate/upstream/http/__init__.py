"""A small HTTP/1.1 client: `pool` keeps connections, which `dialer` opens; a `connection` sends one
`request` after the other, and by `parser` makes each `response`."""
