"""The store that processes share, as a plain value: what it must do, whatever it is made of."""

import math
from dataclasses import dataclass, field

from strictgate.core.resilience.lease import Balance, Claim
from strictgate.core.resilience.quota import DAY, MINUTE


@dataclass
class Account:
    day: int = 0
    tokens: int = 0
    money: float = 0.0
    full_at: float = 0.0


@dataclass
class Ledger:
    """All accounts."""

    accounts: dict[str, Account] = field(default_factory=dict)
    messages: int = 0

    def settle(self, claims: dict[str, Claim], now: float) -> dict[str, Balance]:
        self.messages += 1
        return {name: self._settle(name, claim, now) for name, claim in claims.items()}

    def _settle(self, name: str, claim: Claim, now: float) -> Balance:
        account = self.accounts.setdefault(name, Account())
        day = int(now // DAY)
        if account.day != day:
            account.day, account.tokens, account.money = day, 0, 0.0
        account.tokens += claim.tokens
        account.money += claim.money
        granted, wait = 0, 0.0
        if claim.per_minute:
            share = MINUTE / claim.per_minute
            full_at = max(account.full_at, now)
            room = math.floor((now + MINUTE + 1e-6 - full_at) / share)
            granted = max(0, min(claim.requests, room))
            full_at = max(now, full_at + min(claim.requests, granted) * share)
            account.full_at, wait = full_at, max(0.0, full_at + share - now - MINUTE)
        return Balance(day, account.tokens, account.money, granted, wait)
